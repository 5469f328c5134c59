#include "capture/host/interpreter.h"

#include <gtest/gtest.h>

#include <sstream>

namespace culprit::capture {
namespace {

// Returns the script of a command line, which is split at its spaces as a shell does.
std::string script(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return script_of(base_name(arguments.at(0)), arguments);
}

TEST(Interpreter, Python) {
  EXPECT_EQ(script("python thumbs.py"), "thumbs.py");
  EXPECT_EQ(script("/usr/bin/python3.11 -u -B /srv/thumbs.py --size 3"), "thumbs.py");
  EXPECT_EQ(script("python -m app.web"), "app.web");
  EXPECT_EQ(script("python3 -Im app.web --port 1"), "app.web");
  EXPECT_EQ(script("python3 -mapp.web"), "app.web");
  EXPECT_EQ(script("python3 -W ignore -X dev worker.py"), "worker.py");
  EXPECT_EQ(script("python3 -Wignore -Xdev worker.py"), "worker.py");
  EXPECT_EQ(script("python3 -OO -uW ignore worker.py"), "worker.py");
  EXPECT_EQ(script("python3 --check-hash-based-pycs always worker.py"), "worker.py");
  EXPECT_EQ(script("python3 /srv/orders/__main__.py"), "orders");
  EXPECT_EQ(script("python3 /srv/orders/"), "orders");
  EXPECT_EQ(script("pypy3 worker.py"), "worker.py");
  EXPECT_EQ(script("python3 /usr/local/bin/celery -A shop worker"), "celery");
  EXPECT_EQ(script("python3 -c print(1) thumbs.py"), "");
  EXPECT_EQ(script("python3 -uc print(1)"), "");
  EXPECT_EQ(script("python3 -"), "");
  EXPECT_EQ(script("python3"), "");
}

TEST(Interpreter, Node) {
  EXPECT_EQ(script("node server.js"), "server.js");
  EXPECT_EQ(script("node --max-old-space-size=4096 -r ./tracing.js --inspect=0.0.0.0:9229 /app/server.js 80"),
            "server.js");
  EXPECT_EQ(script("nodejs --import ./a.mjs --env-file .env dist/main.js"), "main.js");
  EXPECT_EQ(script("node --enable-source-maps -- server.js"), "server.js");
  EXPECT_EQ(script("node -e 1"), "");
  EXPECT_EQ(script("bun run --hot server.ts"), "server.ts");
  EXPECT_EQ(script("deno run -A --import-map map.json main.ts"), "main.ts");
  EXPECT_EQ(script("deno eval 1"), "");
}

TEST(Interpreter, JavaAndDotnet) {
  EXPECT_EQ(script("java -jar shop.jar"), "shop.jar");
  EXPECT_EQ(script("java -Xmx2g -cp /a:/b -Dx=y com.example.Main --spring.x=1"), "com.example.Main");
  EXPECT_EQ(
      script("java -javaagent:otel.jar -XX:+UseZGC --add-opens java.base/java.lang=ALL-UNNAMED -jar /opt/shop.jar"),
      "shop.jar");
  EXPECT_EQ(script("java --class-path=/a com.example.Main"), "com.example.Main");
  EXPECT_EQ(script("java -p mods -m com.greetings/com.greetings.Main"), "com.greetings.Main");
  EXPECT_EQ(script("java @options Main"), "Main");
  EXPECT_EQ(script("java Hello.java"), "Hello.java");
  EXPECT_EQ(script("java -version"), "");
  EXPECT_EQ(script("/usr/lib/jvm/bin/java17 -jar a.jar"), "a.jar");
  EXPECT_EQ(script("dotnet App.dll --urls x"), "App.dll");
  EXPECT_EQ(script("dotnet exec --runtimeconfig a.json --depsfile d.json /app/App.dll"), "App.dll");
  EXPECT_EQ(script("dotnet run --project Shop.csproj"), "Shop.csproj");
  EXPECT_EQ(script("dotnet build"), "");
  EXPECT_EQ(script("mono --config x.config /srv/App.exe"), "App.exe");
}

TEST(Interpreter, RubyPerlPhpLua) {
  EXPECT_EQ(script("ruby -I lib -r json app.rb"), "app.rb");
  EXPECT_EQ(script("ruby -Ilib -rjson -W2 bin/rails server"), "rails");
  EXPECT_EQ(script("ruby -e 1"), "");
  EXPECT_EQ(script("perl -w -I lib -MData::Dumper job.pl"), "job.pl");
  EXPECT_EQ(script("perl -Ilib job.pl"), "job.pl");
  EXPECT_EQ(script("perl -ne print"), "");
  EXPECT_EQ(script("php -d memory_limit=1G artisan queue:work"), "artisan");
  EXPECT_EQ(script("php8.2 -f worker.php"), "worker.php");
  EXPECT_EQ(script("php -S 0.0.0.0:80 -t public router.php"), "router.php");
  EXPECT_EQ(script("php -r 1"), "");
  EXPECT_EQ(script("lua5.4 -l json job.lua"), "job.lua");
  EXPECT_EQ(script("Rscript --vanilla report.R"), "report.R");
}

TEST(Interpreter, Shells) {
  EXPECT_EQ(script("bash deploy.sh"), "deploy.sh");
  EXPECT_EQ(script("/bin/bash -eu -o pipefail ./deploy.sh prod"), "deploy.sh");
  EXPECT_EQ(script("bash -euo pipefail deploy.sh"), "deploy.sh");
  EXPECT_EQ(script("sh -x -- job"), "job");
  EXPECT_EQ(script("bash +e job.sh"), "job.sh");
  EXPECT_EQ(script("bash --rcfile r --noprofile job.sh"), "job.sh");
  EXPECT_EQ(script("bash -lc job.sh"), "");
  EXPECT_EQ(script("sh -c job.sh"), "");
  EXPECT_EQ(script("bash -s one"), "");
  EXPECT_EQ(script("busybox sh job.sh"), "job.sh");
}

TEST(Interpreter, OthersAreNone) {
  EXPECT_EQ(script("/usr/sbin/nginx -g x nginx.conf"), "");
  EXPECT_EQ(script("pythonista thumbs.py"), "");
  EXPECT_EQ(script("php-fpm8.2 pool"), "");
  EXPECT_EQ(script_of("python3", {}), "");
  EXPECT_EQ(script_of("python3", {"", "", "-m"}), "");
}

}  // namespace
}  // namespace culprit::capture
