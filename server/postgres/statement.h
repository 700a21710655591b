#pragma once

// Statement: one SQL statement known when the program is compiled.
//
//   constexpr Statement kFindDoctor{"find_doctor", "SELECT user_id FROM doctors WHERE user_id =
//   $1"};
//
// Its address is its identity: define it `constexpr` at namespace scope (static storage) and never
// build one at run time. Each connection prepares it once, on first use, under `name`, so names
// must be unique in the program. Parameters are $1..$n in text format; cast in SQL where the type
// is not clear from the context ($2::date). One statement only: pipeline mode refuses several.

namespace server {

struct Statement {
  const char* name;
  const char* sql;
};

}  // namespace server
