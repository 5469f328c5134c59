"""A service of another vendor: answers with a number, with a delay on request.   usage: score.py ADDRESS PORT"""
import http.server
import sys
import time

delay = [0.0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path.startswith("/delay/"):
            delay[0] = float(self.path[len("/delay/"):])
        else:
            time.sleep(delay[0])
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"4.5")


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
