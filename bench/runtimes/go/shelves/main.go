// Shelves: the inner Go service, over PostgreSQL.   usage: shelves PORT DSN SCORE_URL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

type store struct{ pool *pgxpool.Pool }

func (s store) query(ctx context.Context, text string, values ...any) ([][]any, error) {
	rows, err := s.pool.Query(ctx, text, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]any
	for rows.Next() {
		v, err := rows.Values()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
func (s store) exec(ctx context.Context, text string, values ...any) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	if _, err = tx.Exec(ctx, text, values...); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

var modes sync.Map

func main() {
	port, dsn, score := os.Args[1], os.Args[2], os.Args[3]
	pool, err := pgxpool.New(context.Background(), dsn+" pool_max_conns=24 pool_min_conns=8")
	if err != nil {
		panic(err)
	}
	db := store{pool}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	answer := func(w http.ResponseWriter, v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("content-type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		ctx := r.Context()
		if parts[1] == "mode" {
			modes.Store(parts[2], parts[3] == "1")
			answer(w, "ok", nil)
			return
		}
		n, _ := strconv.Atoi(parts[2])
		isbn := int64(9780000000000) + int64(n)
		switch parts[1] {
		case "loans":
			rows, err := db.query(ctx, "select loan_id, isbn, due from loans where member_id = $1 order by due limit 50", n)
			answer(w, len(rows), err)
		case "shelf":
			rows, err := db.query(ctx, "select isbn from books where shelf = $1 limit $2", n, 20+rand.Intn(40))
			if err != nil {
				answer(w, nil, err)
				return
			}
			if on, _ := modes.Load("one_by_one"); on == true {
				for _, row := range rows {
					if _, err = db.query(ctx, "select title, stock from books where isbn = $1", row[0]); err != nil {
						break
					}
				}
				answer(w, len(rows), err)
				return
			}
			rows, err = db.query(ctx, "select title, stock from books where shelf = $1 order by isbn", n)
			answer(w, len(rows), err)
		case "lend":
			answer(w, "ok", db.exec(ctx, "update books set stock = stock - 1 where isbn = $1", isbn))
		case "rating":
			rows, err := db.query(ctx, "select title from books where isbn = $1", isbn)
			if err != nil {
				answer(w, nil, err)
				return
			}
			req, _ := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("%s/score/%d", score, n), nil)
			reply, err := client.Do(req)
			if err != nil {
				answer(w, nil, err)
				return
			}
			body, _ := io.ReadAll(reply.Body)
			reply.Body.Close()
			answer(w, []any{rows, string(body)}, nil)
		default:
			http.NotFound(w, r)
		}
	})
	panic(http.ListenAndServe("127.0.0.1:"+port, nil))
}
