#pragma once

#include <string>
#include <vector>

namespace simulator {

// `simulator page --out page.html [NAME=]FILE...`: one page from results of `run`, of the load
// generator, of a sweep (points.jsonl) and of a map. Exit code 1: a file that is none of these; 2:
// a wrong flag.
int RunPage(std::vector<std::string> args);

}  // namespace simulator
