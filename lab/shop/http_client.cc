#include "shop/http_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "shop/options.h"

namespace shop {

bool HttpConnection::connect() {
  disconnect();
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return false;
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fd_ = fd;
  return true;
}

void HttpConnection::disconnect() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

HttpResponse HttpConnection::call(const std::string& method, const std::string& target, const std::string& body) {
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  if (method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  HttpResponse response{502, "{}"};
  if (fd_ < 0 && !connect()) return response;
  if (!exchange(request, response)) {
    disconnect();
    return {502, "{}"};
  }
  return response;
}

bool HttpConnection::exchange(const std::string& request, HttpResponse& response) {
  for (size_t sent = 0; sent < request.size();) {
    ssize_t n = send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += n;
  }
  std::string buffer;
  size_t end = std::string::npos, length = 0;
  while (end == std::string::npos || buffer.size() < end + 4 + length) {
    char chunk[16 << 10];
    ssize_t n = recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) return false;
    buffer.append(chunk, n);
    if (end != std::string::npos) continue;
    end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const char* header = strcasestr(buffer.c_str(), "\r\ncontent-length:");
    length = header ? std::strtoul(header + 17, nullptr, 10) : 0;
  }
  response.status = buffer.size() > 12 ? std::atoi(buffer.c_str() + 9) : 502;
  response.body = buffer.substr(end + 4, length);
  return true;
}

HttpPool::HttpPool(int port, int size) {
  for (int i = 0; i < size; ++i) {
    auto connection = std::make_unique<HttpConnection>(port);
    int attempts = 0;
    while (!connection->connect()) {
      if (++attempts == 200) give_up("no server listens on port " + std::to_string(port));
      usleep(50'000);
    }
    free_.push_back(std::move(connection));
  }
}

HttpResponse HttpPool::call(const std::string& method, const std::string& target, const std::string& body) {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return !free_.empty(); });
  std::unique_ptr<HttpConnection> connection = std::move(free_.back());
  free_.pop_back();
  lock.unlock();
  HttpResponse response = connection->call(method, target, body);
  lock.lock();
  free_.push_back(std::move(connection));
  lock.unlock();
  freed_.notify_one();
  return response;
}

}  // namespace shop
