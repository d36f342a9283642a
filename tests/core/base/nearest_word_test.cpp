// "Did you mean": the nearest of several words.
#include "core/base/nearest_word.h"

#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

namespace {
const std::vector<std::string_view> kWords = {"work_mem", "shared_buffers", "json"};
}

TEST_CASE("names are known by a part, by a slip in one of their words, and the nearest come first") {
  const std::vector<std::string_view> names = {"01-malloc-and-contexts", "03-chunks-and-freelists", "20-freeing-twice",
                                               "45-sort", "58-sort-that-spills"};
  using Names = std::vector<std::string_view>;
  CHECK(palloscope::core::nearest_names("sort", names, 2) == Names{"45-sort", "58-sort-that-spills"});
  CHECK(palloscope::core::nearest_names("freelsits", names, 2) == Names{"03-chunks-and-freelists"});
  CHECK(palloscope::core::nearest_names("mallocandcontexts", names, 2) == Names{"01-malloc-and-contexts"});
  CHECK(palloscope::core::nearest_names("chunk", names, 2) == Names{"03-chunks-and-freelists"});
  CHECK(palloscope::core::nearest_names("x", names, 2).empty());
  CHECK(palloscope::core::nearest_names("something-else", names, 2).empty());
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
