// The line that says how far long work is.
#include "gui/cli/progress.h"

#include <sstream>

#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using namespace std::chrono_literals;

struct Told {
  std::ostringstream out, err;
  void tell(bool terminal, std::chrono::milliseconds patience) {
    Progress progress("workmem sort", {out, err, terminal}, patience);
    progress.tell("rows in", 512, 1024);
  }
};

TEST_CASE("on a terminal long work says how far it is, and wipes that away at the end") {
  Told told;
  told.tell(true, 0ms);
  CHECK_THAT(told.err.str(), ContainsSubstring("palloscope workmem sort: rows in: 512 of 1024 (50 %)"));
  CHECK_THAT(told.err.str(), EndsWith("\r\033[K"));
  CHECK(told.out.str().empty());
}

TEST_CASE("off a terminal, and of work that ends soon, nothing is said") {
  Told piped, quick;
  piped.tell(false, 0ms);
  quick.tell(true, 1h);
  CHECK(piped.err.str().empty());
  CHECK(quick.err.str().empty());
}

TEST_CASE("a share of the work is told in percent") {
  std::ostringstream out, err;
  Progress progress("compare", {out, err, true}, 0ms);
  progress.tell("comparing", 0.4);
  CHECK(err.str() == "\r\033[Kpalloscope compare: comparing: 40 %");
}

}  // namespace
}  // namespace palloscope::gui::cli
