// A verb of the command line: `palloscope info FILE`. A new verb is one .cpp with its `run`, declared here and named in
// one row of verb_table.cpp; `palloscope --help`, suggestions and the tests over the table follow.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace palloscope::gui::cli {

// Output meant for programs goes to `out`, everything else (errors, progress) to `err`.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;  // then long work tells how far it is
};

using Arguments = std::span<const std::string>;  // what follows the verb

inline constexpr int kExitGood = 0;  // done, or the answer is yes
inline constexpr int kExitNo = 1;    // the answer is no: differences, faults found, nothing of that kind
inline constexpr int kExitBad = 2;   // bad usage or bad input; one line on `err` names file and place

struct Verb {
  std::string_view name;
  std::string_view summary;  // one line, as `palloscope --help` shows it
  int (*run)(Arguments arguments, Streams io) = nullptr;
};

std::span<const Verb> verb_table();

// The verbs' `run` functions, one file each.
int run_attach(Arguments arguments, Streams io);
int run_backends(Arguments arguments, Streams io);
int run_buffer(Arguments arguments, Streams io);
int run_bytes(Arguments arguments, Streams io);
int run_check(Arguments arguments, Streams io);
int run_compare(Arguments arguments, Streams io);
int run_diff(Arguments arguments, Streams io);
int run_events(Arguments arguments, Streams io);
int run_export(Arguments arguments, Streams io);
int run_find(Arguments arguments, Streams io);
int run_golden(Arguments arguments, Streams io);
int run_shot(Arguments arguments, Streams io);
int run_help(Arguments arguments, Streams io);
int run_info(Arguments arguments, Streams io);
int run_life(Arguments arguments, Streams io);
int run_merge(Arguments arguments, Streams io);
int run_policies(Arguments arguments, Streams io);
int run_query(Arguments arguments, Streams io);
int run_report(Arguments arguments, Streams io);
int run_scenario(Arguments arguments, Streams io);  // run
int run_shmem(Arguments arguments, Streams io);
int run_snapshot(Arguments arguments, Streams io);
int run_state(Arguments arguments, Streams io);
int run_top(Arguments arguments, Streams io);
int run_verify(Arguments arguments, Streams io);
int run_watch(Arguments arguments, Streams io);
int run_why(Arguments arguments, Streams io);
int run_workmem(Arguments arguments, Streams io);

}  // namespace palloscope::gui::cli
