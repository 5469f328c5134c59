#include "shop/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "shop/options.h"

namespace shop {

namespace {

constexpr size_t kMaxHead = 64 << 10, kMaxBody = 4 << 20;

const char* reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 404: return "Not Found";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

// Reads more into `buffer`; false at the end of the connection.
bool read_more(int fd, std::string& buffer) {
  char chunk[16 << 10];
  ssize_t n = recv(fd, chunk, sizeof chunk, 0);
  if (n <= 0) return false;
  buffer.append(chunk, n);
  return true;
}

size_t content_length(const std::string& head) {
  for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    if (strncasecmp(head.c_str() + at + 2, "content-length:", 15) == 0)
      return std::strtoul(head.c_str() + at + 17, nullptr, 10);
  }
  return 0;
}

HttpRequest parse(const std::string& head) {
  HttpRequest request;
  size_t first = head.find(' '), second = head.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return request;
  request.method = head.substr(0, first);
  request.path = head.substr(first + 1, second - first - 1);
  size_t question = request.path.find('?');
  if (question == std::string::npos) return request;
  request.query = request.path.substr(question + 1);
  request.path.resize(question);
  return request;
}

bool send_all(int fd, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += n;
  }
  return true;
}

bool answer_one(int fd, std::string& buffer, const Handler& handler) {
  size_t end = buffer.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (buffer.size() > kMaxHead || !read_more(fd, buffer)) return false;
    end = buffer.find("\r\n\r\n");
  }
  std::string head = buffer.substr(0, end + 2);
  size_t length = content_length(head);
  if (length > kMaxBody) return false;
  while (buffer.size() < end + 4 + length) {
    if (!read_more(fd, buffer)) return false;
  }
  HttpRequest request = parse(head);
  request.body = buffer.substr(end + 4, length);
  buffer.erase(0, end + 4 + length);
  HttpResponse response = handler(request);
  return send_all(fd, "HTTP/1.1 " + std::to_string(response.status) + " " + reason(response.status) +
                          "\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(response.body.size()) + "\r\n\r\n" + response.body);
}

void serve_connection(int fd, const Handler& handler) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string buffer;
  while (answer_one(fd, buffer, handler)) continue;
  close(fd);
}

}  // namespace

std::string HttpRequest::parameter(const std::string& name) const {
  for (size_t at = 0; at < query.size();) {
    size_t end = std::min(query.find('&', at), query.size());
    if (query.compare(at, name.size() + 1, name + "=") == 0)
      return query.substr(at + name.size() + 1, end - at - name.size() - 1);
    at = end + 1;
  }
  return {};
}

long HttpRequest::id_after(const std::string& prefix) const {
  if (path.rfind(prefix, 0) != 0) return 0;
  return std::atol(path.c_str() + prefix.size());
}

void serve_http(int port, Handler handler) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 128) != 0) {
    give_up("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  for (;;) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(serve_connection, fd, std::cref(handler)).detach();
  }
}

}  // namespace shop
