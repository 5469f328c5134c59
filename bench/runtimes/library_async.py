"""The library service on one event loop: aiohttp and asyncpg (prepared statements, binary values, a pool).   usage: library_async.py PORT PG_PORT SCORE_URL"""
import asyncio
import random
import sys

import aiohttp
import asyncpg
from aiohttp import web

PORT, PG_PORT, SCORE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
modes = {}


async def handle(request):
    parts = request.path.strip("/").split("/")
    app = request.app
    if parts[0] == "mode":
        modes[parts[1]] = parts[2] == "1"
        return web.json_response("ok")
    number = int(parts[1])
    isbn = 9780000000000 + number
    pool = app["pool"]
    if parts[0] == "loans":
        out = await pool.fetch("select loan_id, isbn, due from loans where member_id = $1 order by due limit 50", number)
    elif parts[0] == "shelf":
        async with pool.acquire() as conn:
            books = await conn.fetch("select isbn from books where shelf = $1 limit $2", number, random.randint(20, 60))
            if modes.get("one_by_one"):
                out = [await conn.fetchrow("select title, stock from books where isbn = $1", book["isbn"]) for book in books]
            else:
                out = await conn.fetch("select title, stock from books where isbn = any($1)", [book["isbn"] for book in books])
    elif parts[0] == "lend":
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("update books set stock = stock - 1 where isbn = $1", isbn)
            out = []
    elif parts[0] == "rating":
        out = await pool.fetch("select title from books where isbn = $1", isbn)
        async with app["http"].get(f"{SCORE}/score/{number}") as answer:
            await answer.text()
    return web.json_response([str(row) for row in out])


async def main():
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(host="127.0.0.1", port=PG_PORT, user="postgres", database="library", ssl=False, min_size=8, max_size=24)
    app["http"] = aiohttp.ClientSession()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", PORT).start()
    await asyncio.Event().wait()

asyncio.run(main())
