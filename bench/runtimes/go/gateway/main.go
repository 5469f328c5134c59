// Gateway: the outer Go service; it calls shelves over HTTP.   usage: gateway PORT SHELVES_URL
package main

import (
	"crypto/sha256"
	"io"
	"net/http"
	"os"
)

func main() {
	port, inner := os.Args[1], os.Args[2]
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), r.Method, inner+r.URL.Path, nil)
		reply, err := client.Do(req)
		if err != nil {
			http.Error(w, err.Error(), 502)
			return
		}
		defer reply.Body.Close()
		body, _ := io.ReadAll(reply.Body)
		sum := sha256.Sum256(body)
		w.Header().Set("x-sum", string("abcdef"[sum[0]%6]))
		w.WriteHeader(reply.StatusCode)
		w.Write(body)
	})
	panic(http.ListenAndServe("127.0.0.1:"+port, nil))
}
