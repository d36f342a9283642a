// "Did you mean": the nearest of several words.
#include "core/base/nearest_word.h"

#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

namespace {
const std::vector<std::string_view> kWords = {"work_mem", "shared_buffers", "json"};
}

TEST_CASE("a word with two slips is answered with the one that was meant") {
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("fromat", "format") == 1);  // two letters swapped
  CHECK(nearest_word("wrk_memm", kWords) == "work_mem");
  CHECK(nearest_word("json", kWords) == "json");
}

TEST_CASE("a word that is far from all, or too short to be near any, has none") {
  CHECK_FALSE(nearest_word("elephant", kWords));
  CHECK_FALSE(nearest_word("x", kWords));
  CHECK_FALSE(nearest_word("", kWords));
  const std::vector<std::string_view> short_words = {"pg", "x"};
  CHECK_FALSE(nearest_word("ab", short_words));  // two slips, of two letters
  CHECK(nearest_word("pq", short_words) == "pg");
}

TEST_CASE("what is wrong ends with the word that was meant, or else with all") {
  CHECK(choices_for("jsn", kWords) == "; did you mean json?");
  CHECK(choices_for("elephant", kWords) == "; there are: work_mem, shared_buffers, json");
}
