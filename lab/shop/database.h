// Database: a pool of PostgreSQL sessions, all open and all statements prepared before the first request.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct pg_conn;

namespace shop {

struct Statement {
  std::string name, sql;
};

struct Rows {
  bool ok = false;
  std::string error;
  std::vector<std::vector<std::string>> rows;  // NULL is empty
};

// Used by one thread at a time. Its connection is made anew after it broke.
class Session {
 public:
  Session(const std::string& conninfo, const std::vector<Statement>& statements);
  Session(const Session&) = delete;
  ~Session();

  bool connect();
  Rows run(const std::string& statement_name, const std::vector<std::string>& parameters);
  // By the simple protocol: BEGIN, COMMIT, ROLLBACK.
  Rows command(const char* sql);
  std::string error() const;

 private:
  const std::string& conninfo_;
  const std::vector<Statement>& statements_;
  pg_conn* connection_ = nullptr;
};

class Database {
 public:
  // Ends the program where the sessions cannot be opened.
  Database(std::string conninfo, std::vector<Statement> statements, int sessions);

  // A session for the caller alone, given back when the lease ends. Waits for a free one.
  class Lease {
   public:
    explicit Lease(Database& database);
    ~Lease();
    Session* operator->() { return session_.get(); }

   private:
    Database& database_;
    std::unique_ptr<Session> session_;
  };

 private:
  const std::string conninfo_;
  const std::vector<Statement> statements_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Session>> free_;
};

}  // namespace shop
