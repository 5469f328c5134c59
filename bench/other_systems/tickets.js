// A ticket office: Node, one event loop, `pg` with a pool over a Unix socket, bind values.   usage: tickets.js PORT SOCKET_DIRECTORY PG_PORT
// A switch of its behaviour is `GET /mode/NAME/0|1`.
const http = require('http');
const { Pool } = require('pg');
const [port, host, pgPort] = process.argv.slice(2);
const pool = new Pool({ host, port: +pgPort, user: 'postgres', database: 'tickets', max: 10 });
const modes = {};

async function seats(id) {
  const free = await pool.query('SELECT seat_no, sold FROM seats WHERE event_id = $1 AND NOT sold LIMIT $2', [id, 10 + Math.floor(Math.random() * 30)]);
  if (modes.one_by_one) {
    const out = [];
    for (const seat of free.rows) out.push(await pool.query('SELECT price FROM prices WHERE event_id = $1 AND seat_no = $2', [id, seat.seat_no]));
    return out.length;
  }
  const all = await pool.query('SELECT seat_no, price FROM prices WHERE event_id = $1', [id]);
  return all.rows.length;
}

async function customer(id) {
  return (await pool.query('SELECT t.ticket_id, t.event_id FROM tickets t WHERE t.customer = $1', [id])).rows;
}

async function buy(id) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('UPDATE seats SET sold = NOT sold WHERE event_id = $1 AND seat_no = $2', [id, 1 + Math.floor(Math.random() * 200)]);
    await client.query('INSERT INTO tickets(customer, event_id) VALUES ($1, $2)', [1 + Math.floor(Math.random() * 50000), id]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
  return 'ok';
}

const routes = { seats, customer, buy };

async function main() {
  const clients = [];
  for (let i = 0; i < 10; i++) clients.push(await pool.connect());
  for (const client of clients) client.release();
  const server = http.createServer(async (request, response) => {
    const [name, first, second] = request.url.split('/').slice(1);
    try {
      if (name === 'mode') modes[first] = second === '1';
      const body = JSON.stringify(name === 'mode' ? modes : await routes[name](+first));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    } catch (error) {
      response.writeHead(500);
      response.end(String(error));
    }
  });
  server.keepAliveTimeout = 60000;  // a client that reuses an idle connection is no failure
  server.listen(+port, '127.0.0.1');
}
main();
