// The library on com.sun.net.httpserver, a thread pool, JDBC, java.net.http.   usage: Library PORT JDBC_URL SCORE_URL
import com.sun.net.httpserver.*;
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Library {
  static final Map<String, Boolean> modes = new ConcurrentHashMap<>();
  static final BlockingQueue<Connection> pool = new LinkedBlockingQueue<>();

  static List<Object> fetch(Connection c, String text, Object... values) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(text)) {
      for (int i = 0; i < values.length; i++) s.setObject(i + 1, values[i]);
      List<Object> out = new ArrayList<>();
      if (s.execute())
        try (ResultSet r = s.getResultSet()) { while (r.next()) out.add(r.getObject(1)); }
      return out;
    }
  }

  public static void main(String[] a) throws Exception {
    for (int i = 0; i < 16; i++) pool.add(DriverManager.getConnection(a[1]));
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(a[0])), 256);
    server.setExecutor(Executors.newFixedThreadPool(24));
    server.createContext("/", x -> {
      String[] parts = x.getRequestURI().getPath().substring(1).split("/");
      int status = 200;
      String body;
      try {
        if (parts[0].equals("mode")) { modes.put(parts[1], parts[2].equals("1")); body = "ok"; }
        else body = answer(parts[0], Integer.parseInt(parts[1]), client, a[2]);
      } catch (Exception e) { status = 500; body = e.toString(); }
      byte[] data = body.getBytes();
      x.getRequestBody().readAllBytes();
      x.sendResponseHeaders(status, data.length);
      x.getResponseBody().write(data);
      x.close();
    });
    server.start();
  }

  static String answer(String route, int n, HttpClient client, String score) throws Exception {
    long isbn = 9780000000000L + n;
    String more = "";
    List<Object> out = new ArrayList<>();
    Connection c = pool.take();
    try {
      switch (route) {
        case "loans": out = fetch(c, "select loan_id, isbn, due from loans where member_id = ? order by due limit 50", n); break;
        case "shelf":
          out = fetch(c, "select isbn from books where shelf = ? limit ?", n, 20 + new Random().nextInt(40));
          if (modes.getOrDefault("one_by_one", false))
            for (Object one : out) fetch(c, "select title, stock from books where isbn = ?", one);
          else out = fetch(c, "select title, stock from books where shelf = ? order by isbn", n);
          break;
        case "lend":
          c.setAutoCommit(false);
          fetch(c, "update books set stock = stock - 1 where isbn = ?", isbn);
          c.commit();
          c.setAutoCommit(true);
          break;
        case "rating": out = fetch(c, "select title from books where isbn = ?", isbn); break;
      }
    } finally { pool.add(c); }
    if (route.equals("rating"))
      more = client.send(HttpRequest.newBuilder(URI.create(score + "/score/" + n)).build(), HttpResponse.BodyHandlers.ofString()).body();
    return out.toString() + more;
  }
}
