// Converts JavaScript literals, as printed by Node's util.inspect, to JSON.
//
//   { id: 'a', n: undefined, list: [ 1, ... 2 more items ], at: [Object], text: 'x
// ' + 'y', big: 12n }
//   {"id":"a","n":null,"list":[1],"at":"[Object]","text":"x
// y","big":12}
#pragma once

#include <string>
#include <string_view>

namespace culprit::console {

// Never fails: text that is no literal gives text that is no JSON.
std::string json_of_script(std::string_view script);

}  // namespace culprit::console
