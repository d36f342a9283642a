// What a person who types into a filter means: words, or a condition.
#include "trace/query/typed_filter.h"

#include "tests/support/catch.h"

namespace palloscope::trace {

TEST_CASE("a single word, and what does not begin like a condition, is looked for as it stands") {
  for (const char* typed : {"ExecutorState", "alloc", "fault", "8192", "0x55d0c0de1000", "hash table", "context cache",
                            "SELECT a FROM b WHERE c = 1", "1MB", "buffer pool", "a-b", "\"", "free list"}) {
    INFO(typed);
    const TypedFilter filter = read_typed_filter(std::string(" ") + typed + "  ");
    CHECK(filter.words == typed);
    CHECK(filter.condition.empty());
    CHECK_FALSE(filter.mistake);
  }
  CHECK(read_typed_filter("   ").words.empty());
  CHECK(read_typed_filter("\"alloc and size > 1MB\"").words == "alloc and size > 1MB");
}

TEST_CASE("a condition is one, whatever stands around it") {
  for (const char* typed :
       {"alloc and size > 1MB", "total(\"ExecutorState\") > 512kB", "chunk 0x55d0c0de1000 touched", "buffer 17 evicted",
        "usage_count decremented", "fault or error", "not alloc", "(reset)", "context ~ \"Expr\" and reset"}) {
    INFO(typed);
    const TypedFilter filter = read_typed_filter(std::string(" ") + typed + " ");
    CHECK(filter.condition == typed);
    CHECK(filter.words.empty());
  }
}

TEST_CASE("what is meant for a condition and is none comes with the place of its mistake") {
  const auto column = [](const char* typed) {
    const TypedFilter filter = read_typed_filter(typed);
    INFO(typed);
    CHECK(filter.words.empty());
    CHECK(filter.condition.empty());
    REQUIRE(filter.mistake);
    return filter.mistake->column;
  };
  CHECK(column("  alloc and siez > 1MB") == 12);
  CHECK(column("siez > 1MB") == 0);
  CHECK(column("alloc and") == 9);
  CHECK(column("size > 1 QB") == 9);
  CHECK(column("context ~ \"Expr") == 10);
  CHECK(column("total(\"x\"") == 9);
  CHECK(column("chunk 0x1000 tuched") == 13);
}

}  // namespace palloscope::trace
