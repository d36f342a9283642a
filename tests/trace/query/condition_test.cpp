#include "trace/query/condition.h"

#include "tests/support/catch.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace {
namespace {

using namespace core;

ConditionMistake mistake_of(std::string_view text) {
  ConditionMistake mistake;
  INFO(text);
  REQUIRE_FALSE(Condition::parse(text, StateParts::Become, &mistake));
  return mistake;
}

Condition parsed(std::string_view text) {
  auto condition = Condition::parse(text);
  INFO(text);
  INFO((condition ? std::string() : condition.error().message));
  REQUIRE(condition);
  return *condition;
}

ChunkAllocated allocated(std::uint64_t bytes) {
  ChunkAllocated event;
  event.requested_bytes = bytes;
  event.granted_bytes = bytes;
  return event;
}

}  // namespace

TEST_CASE("every word of the language has an example that is a condition") {
  for (const ConditionWord& row : condition_words()) {
    if (row.example.empty()) {
      REQUIRE(find_condition_word(row.same_as, false) != nullptr);
      continue;
    }
    INFO(row.word);
    CHECK(row.example.find(row.word) != std::string_view::npos);
    CHECK(Condition::parse(row.example));
  }
}

TEST_CASE("every kind of event is a word of the language by its own name") {
  for (unsigned tag = 1; tag < 256; ++tag) {
    if (!is_event_kind(static_cast<std::uint8_t>(tag))) continue;
    const Condition condition = parsed(event_kind_name(static_cast<std::uint8_t>(tag)));
    CHECK(condition.kinds() == KindSet{static_cast<std::uint8_t>(tag)});
    CHECK_FALSE(condition.needs_state());
  }
}

TEST_CASE("a condition on an event's kind and numbers is judged by the event alone") {
  const Condition large = parsed("alloc and size > 1MB");
  CHECK_FALSE(large.needs_state());
  CHECK(large.holds(1, allocated((1 << 20) + 1)));
  CHECK_FALSE(large.holds(1, allocated(1 << 20)));
  CHECK_FALSE(large.holds(1, Malloc{{0}, {0}, 1 << 21}));
  CHECK(parsed("alloc and size > 1.5 MB or fault").holds(1, FaultFound{}));
  CHECK(parsed("not alloc and event >= 7").holds(7, Output{"x"}));
  CHECK_FALSE(parsed("not alloc and event >= 7").holds(6, Output{"x"}));
  CHECK(parsed("alloc and granted - size * 2 == 0 - 100").holds(1, allocated(100)));
  CHECK(parsed("output and text ~ 'orld'").holds(1, Output{"hello world"}));
  CHECK_FALSE(parsed("output and text !~ \"orld\"").holds(1, Output{"hello world"}));
  CHECK(parsed("error && text == \"out of memory\"")
            .holds(1, ErrorReported{Severity::Error, {}, "", "out of memory", ""}));
  CHECK_FALSE(parsed("error").holds(1, ErrorReported{Severity::Notice, {}, "", "", ""}));
  // What has no size is neither larger nor other.
  CHECK_FALSE(parsed("(output or alloc) and size != 5").holds(1, Output{"x"}));
  CHECK(parsed("output and not size == 5").holds(1, Output{"x"}));
}

TEST_CASE("the state is asked for only where the event does not tell") {
  CHECK_FALSE(parsed("alloc and size > 10").needs_state());
  CHECK(parsed("free and size > 10").needs_state());
  CHECK(parsed("size > 10").needs_state());
  CHECK_FALSE(parsed("buffer 17 pinned").needs_state());
  CHECK(parsed("context == \"x\"").needs_state());
  CHECK(parsed("heap.total > 1").needs_state());
}

TEST_CASE("a block of events is passed over if it has no event at which a condition can hold") {
  BlockSummary summary;
  summary.add_kind(ChunkAllocated::kTag);
  summary.add_kind(ContextReset::kTag);
  CHECK(parsed("alloc and size > 10").may_hold(summary));
  CHECK(parsed("context ~ \"x\" and reset").may_hold(summary));
  CHECK_FALSE(parsed("fault or error").may_hold(summary));
  CHECK_FALSE(parsed("alloc and free").may_hold(summary));
  CHECK_FALSE(parsed("buffer 17 touched").may_hold(summary));
  CHECK(parsed("not alloc").may_hold(summary));
  CHECK_FALSE(parsed("not (alloc or reset)").may_hold(summary));
}

TEST_CASE("what is no condition is told with its place and what was meant") {
  ConditionMistake mistake = mistake_of("alloc and siez > 5");
  CHECK(mistake.column == 10);
  CHECK(mistake.length == 4);
  CHECK(mistake.message == "'siez' is no word of a condition; did you mean size?");
  CHECK(Condition::parse("alloc and siez > 5").error().message ==
        "column 11: 'siez' is no word of a condition; did you mean size?");

  mistake = mistake_of("alloc and");
  CHECK(mistake.column == 9);
  mistake = mistake_of("size");
  CHECK(mistake.message == "'size' is a number, neither true nor false: compare it, as in: size > 1MB");
  mistake = mistake_of("alloc > 5");
  CHECK(mistake.column == 0);
  CHECK(mistake.message == "'alloc' is true or false, and a number is expected here");
  mistake = mistake_of("context > \"x\"");
  CHECK(mistake.column == 8);
  mistake = mistake_of("context == ExecutorState");
  CHECK(mistake.column == 11);
  mistake = mistake_of("size > 5 XB");
  CHECK(mistake.column == 9);
  mistake = mistake_of("size > 5XB");
  CHECK(mistake.column == 8);
  CHECK(mistake.message.find("MB") != std::string::npos);
  mistake = mistake_of("total > 5");
  CHECK(mistake.message.find("total(\"ExecutorState\")") != std::string::npos);
  mistake = mistake_of("freelist[11].length == 0");
  CHECK(mistake.column == 9);
  mistake = mistake_of("text ~ \"open");
  CHECK(mistake.column == 7);
  mistake = mistake_of("alloc $ free");
  CHECK(mistake.column == 6);
  mistake = mistake_of("size decremented");
  CHECK(mistake.column == 0);
  CHECK(mistake_of("").message == "a condition is expected, as in: alloc and size > 1MB");
  CHECK(mistake_of("(alloc").message == "')' is expected here");
  CHECK(mistake_of(std::string(5000, 'a')).message.find("4096") != std::string::npos);
  CHECK(mistake_of(std::string(2000, '(') + "alloc").message.find("too many") != std::string::npos);
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "not ";
  CHECK(mistake_of(nots + "alloc").message.find("too many") != std::string::npos);
}

TEST_CASE("words are completed where the cursor stands, and names within quotes are left to who knows them") {
  ConditionCompletion completion = complete_condition("alloc and si", 12);
  CHECK(completion.from == 10);
  CHECK(completion.words == std::vector<std::string_view>{"size"});
  completion = complete_condition("heap.t", 6);
  CHECK(completion.from == 0);
  CHECK(completion.words == std::vector<std::string_view>{"heap.total"});
  completion = complete_condition("total(\"Exec", 11);
  CHECK(completion.in_text);
  CHECK(completion.from == 7);
  CHECK(complete_condition("size > 1", 8).words.empty());
}

}  // namespace palloscope::trace
