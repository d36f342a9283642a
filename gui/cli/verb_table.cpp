// The verbs, in the order in which --help lists them: one row each, and the code of each in its own file.
#include "gui/cli/verb.h"

namespace palloscope::gui::cli {
namespace {

// In the order in which `palloscope --help` lists them.
constexpr Verb kVerbs[] = {
    {"golden", "replay recorded allocator sequences and compare", run_golden},
    {"help", "tell more about one verb", run_help},
    {"run", "run a scenario without a window", run_scenario},
};

constexpr bool names_are_unique() {
  for (const Verb& a : kVerbs)
    for (const Verb& b : kVerbs)
      if (&a != &b && a.name == b.name) return false;
  return true;
}
static_assert(names_are_unique());

}  // namespace

std::span<const Verb> verb_table() { return kVerbs; }

}  // namespace palloscope::gui::cli
