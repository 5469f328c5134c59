create table seats(event_id int, seat_no int, sold bool default false, primary key(event_id, seat_no));
insert into seats select e, s, false from generate_series(1, 200) e, generate_series(1, 200) s;
create table prices(event_id int, seat_no int, price int, primary key(event_id, seat_no));
insert into prices select e, s, 10 from generate_series(1, 200) e, generate_series(1, 200) s;
create table tickets(ticket_id bigserial primary key, customer int, event_id int);
insert into tickets(customer, event_id) select (i * 31) % 50000 + 1, i % 200 + 1 from generate_series(1, 500000) i;
create index tickets_customer on tickets(customer);
vacuum analyze;
