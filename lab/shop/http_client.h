// HttpConnection, HttpPool: calls to another service over connections that stay open.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shop/http.h"

namespace shop {

// One keep-alive connection to 127.0.0.1:`port`. Used by one thread at a time.
class HttpConnection {
 public:
  explicit HttpConnection(int port) : port_(port) {}
  HttpConnection(const HttpConnection&) = delete;
  ~HttpConnection() { disconnect(); }

  bool connect();
  // Status 502 where the other side cannot be reached or hangs up.
  HttpResponse call(const std::string& method, const std::string& target, const std::string& body);

 private:
  bool exchange(const std::string& request, HttpResponse& response);
  void disconnect();

  const int port_;
  int fd_ = -1;
};

// A fixed number of connections, all open from the start; a caller waits for a free one.
class HttpPool {
 public:
  // Tries for 10 s to open all of them, then ends the program.
  HttpPool(int port, int size);

  HttpResponse call(const std::string& method, const std::string& target, const std::string& body = {});

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<HttpConnection>> free_;
};

}  // namespace shop
