// Broken, cut, hostile and foreign files: an Error with words, or a picture that says what is wrong with it; never a
// fault in the events, never more memory than the file accounts for.
#include <random>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string error_of(const std::string& text) {
  const Imported imported = import_text(text, "some.log");
  return imported.timeline ? std::string("opened") : imported.timeline.error().message;
}

TEST_CASE("files that are no dump are refused with the reason that fits them") {
  CHECK_THAT(error_of(""), ContainsSubstring("some.log: the file is empty"));
  CHECK_THAT(error_of(std::string("\x7F"
                                  "ELF\0\0",
                                  6)),
             ContainsSubstring("not recognised") && ContainsSubstring("csvlog"));
  CHECK_THAT(error_of(std::string("\xFF\xFEl\0e\0v\0", 8)), ContainsSubstring("UTF-16"));
  CHECK_THAT(error_of(std::string("\x1F\x8B\x08\0", 4)), ContainsSubstring("compressed"));
  CHECK_THAT(error_of(std::string("\x28\xB5\x2F\xFD\0", 5)), ContainsSubstring("compressed"));
  CHECK_THAT(error_of("just\nsome\ntext\n"), ContainsSubstring("no memory contexts found in 3 lines"));
}

TEST_CASE("numbers that do not fit are told with their line, and the rest is shown") {
  const Imported imported = import_text(
      "TopMemoryContext: 8192 total in 1 blocks; 192 free (2 chunks); 8000 used\n"
      "  a: 18446744073709551616 total in 1 blocks; 0 free (0 chunks); 0 used\n"
      "  b: 9223372036854775807 total in 1 blocks; 9223372036854775807 free (0 chunks); 0 used\n"
      "  c: 9223372036854775807 total in 1 blocks; 0 free (0 chunks); 9223372036854775807 used\n"
      "  d: 9223372036854775807 total in 1 blocks; 0 free (0 chunks); 9223372036854775807 used\n"
      "  e: 10 total in 1 blocks; 20 free (0 chunks); 18446744073709551606 used\n"
      "Grand total: 18446744073709551615 bytes in 1 blocks; 0 free (0 chunks); 0 used\n");
  REQUIRE(imported.timeline);
  CHECK_THAT(imported.problems.at(0),
             ContainsSubstring("line 2: a number is too large") && ContainsSubstring("line 6: a number is too large"));
  CHECK(imported.timeline->state().fault_count() == 0);
  CHECK(imported.timeline->state().totals().context_count == 4);
}

TEST_CASE("levels out of nowhere cost no more than a few contexts each") {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "LOG:  level: " + std::to_string(i * 1000003) + "; x: 1 total in 1 blocks; 0 free (0 chunks); 1 used\n" +
            "LOG:  level: 99999999999999999999; y: 1 total in 1 blocks; 0 free (0 chunks); 1 used\n";
  const Imported imported = import_text(text);
  REQUIRE(imported.timeline);
  CHECK(imported.timeline->size() < 30000);
  CHECK(imported.timeline->state().fault_count() == 0);
}

TEST_CASE("lines of a megabyte, of spaces, digits or the mark again and again, are read in one go") {
  for (const char* part :
       {"x", " ", "1", ":  ", " total in ", ": 1 total in 1 blocks; ", "\"", "\\", "{\"a\":", "[", ","}) {
    std::string text = "TopMemoryContext: 10 total in 1 blocks; 4 free (0 chunks); 6 used\n";
    for (std::size_t bytes = 0; bytes < (std::size_t{1} << 20); bytes += std::string_view(part).size()) text += part;
    text += "\nGrand total: 10 bytes in 1 blocks; 4 free (0 chunks); 6 used\n";
    INFO(part);
    const Imported imported = import_text(text);
    REQUIRE(imported.timeline);
    CHECK(imported.problems == std::vector<std::string>{""});
  }
}

TEST_CASE("every cut of a file opens or is refused, with no fault either way") {
  for (const char* name :
       {"dumps/pg18-log-backend-memory-contexts.csvlog.csv", "dumps/pg15-log-backend-memory-contexts.jsonlog.jsonl",
        "dumps/pg18-backend-memory-contexts-busy.csv", "dumps/pg17-backend-memory-contexts.csv",
        "dumps/pg15-out-of-memory.log", "dumps/pg18-log-many-children.log"}) {
    const std::string text = test::read_golden(name);
    for (std::size_t end = 0; end < text.size(); end += 331) {
      const Imported imported = import_text(text.substr(0, end), name);
      if (!imported.timeline) continue;
      INFO(name << " cut at " << end);
      CHECK(imported.timeline->state().fault_count() == 0);
    }
  }
}

TEST_CASE("samples with bytes changed at random open or are refused, and what opened can be written") {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  for (const std::string& name : test::golden_names("dumps")) {
    const std::string text = test::read_golden(name);
    for (int round = 0; round < 6; ++round) {
      std::string broken = text;
      for (int change = 0; change < 1 + round * 20; ++change)
        broken[random() % broken.size()] = static_cast<char>(random() % 256);
      INFO(name << ", seed " << seed << ", round " << round);
      const Imported imported = import_text(broken, name);
      if (!imported.timeline) continue;
      CHECK(imported.timeline->state().fault_count() == 0);
      // A last moment whose lines are all spoilt has no contexts, and so no text.
      const bool has_contexts = imported.timeline->state().totals().context_count != 0;
      CHECK(imported.exported("text").empty() != has_contexts);
      CHECK(!imported.exported("csv").empty());
      CHECK(!imported.exported("json").empty());
    }
  }
}

}  // namespace
}  // namespace palloscope::trace
