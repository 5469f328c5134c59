create table members(id int primary key, name text, city text);
insert into members select i, 'm' || i, 'c' || (i % 100) from generate_series(1, 20000) i;
create table books(isbn bigint primary key, title text, stock int, shelf int);
insert into books select 9780000000000 + i, 'title ' || i, 10, i % 500 from generate_series(1, 100000) i;
create index books_shelf on books(shelf);
create table loans(loan_id bigserial primary key, member_id int, isbn bigint, due date, note text);
insert into loans(member_id, isbn, due, note)
  select ((i::bigint * 7919) % 20000 + 1)::int, 9780000000000 + (i % 100000) + 1, date '2026-01-01' + (i % 300), repeat('x', 40)
  from generate_series(1, 600000) i;
create index loans_member on loans(member_id);
create table audit(id bigserial primary key, what text, at timestamptz default now());
-- From outside, a slow statement inside of a function appears as the caller's `select branch_load(…)`.
create function branch_load(member int) returns bigint language plpgsql as $$
declare total bigint := 0; one record;
begin
  for one in select due from loans where member_id = member loop total := total + extract(day from one.due); end loop;
  return total;
end $$;
vacuum analyze;
