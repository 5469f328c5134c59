<?php
// The library in PHP: a script per request, a connection of its own or a lasting one.
$dsn = getenv('LIB_DSN') ?: $_SERVER['LIB_DSN'];
$modes = $_SERVER['LIB_MODES'];
$score = $_SERVER['LIB_SCORE'];
$parts = explode('/', trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/'));
if ($parts[0] == 'mode') { file_put_contents("$modes/$parts[1]", $parts[2]); echo json_encode('ok'); exit; }
$on = fn($name) => @file_get_contents("$modes/$name") === '1';
$conn = $on('lasting') ? pg_pconnect($dsn) : pg_connect($dsn);
$n = (int)($parts[1] ?? 1);
$isbn = 9780000000000 + $n;
function rows($conn, $text, $values) { $r = pg_query_params($conn, $text, $values); if (!$r) { http_response_code(500); exit; } return pg_fetch_all($r); }
switch ($parts[0]) {
case 'loans': $out = rows($conn, 'select loan_id, isbn, due from loans where member_id = $1 order by due limit 50', [$n]); break;
case 'shelf':
  $books = rows($conn, 'select isbn from books where shelf = $1 limit $2', [$n, rand(20, 60)]);
  if ($on('one_by_one')) { $out = []; foreach ($books as $b) $out[] = rows($conn, 'select title, stock from books where isbn = $1', [$b['isbn']]); }
  else $out = rows($conn, 'select title, stock from books where shelf = $1 order by isbn', [$n]);
  break;
case 'lend':
  pg_query($conn, 'begin'); $out = rows($conn, 'update books set stock = stock - 1 where isbn = $1', [$isbn]) ; pg_query($conn, 'commit'); break;
case 'rating':
  $out = rows($conn, 'select title from books where isbn = $1', [$isbn]); $out[] = file_get_contents("$score/score/$n"); break;
default: http_response_code(404); $out = 'no such thing';
}
header('content-type: application/json');
echo json_encode($out);
