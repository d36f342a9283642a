// Any text as a condition: it is refused with a place within it, or it means the same when it is read again, and what
// holds at events of a small stream is found forwards and backwards alike.
#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/mcxt/process.h"
#include "trace/query/condition_search.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

Timeline small_stream() {
  Timeline timeline = Timeline::recording({});
  core::Process process(*core::find_profile(17, false), timeline.sink());
  const auto context =
      process.alloc_set_context_create(process.top_memory_context(), "ExecutorState", core::kDefaultSizes);
  const auto child = process.alloc_set_context_create(context, "ExprContext", core::kSmallSizes);
  process.memory_context_switch_to(context);
  const auto small = process.palloc(100), large = process.palloc(50'000);
  process.memory_context_switch_to(child);
  process.palloc(8);
  process.pfree(small);
  process.pfree(large);
  process.memory_context_reset(child);
  process.memory_context_delete(context);
  return timeline;
}

std::vector<ConditionHit> all_hits(const Timeline& timeline, const Condition& condition, SearchDirection direction) {
  ConditionSearch search(timeline, {condition},
                         {direction == SearchDirection::Forward ? 0 : timeline.size() + 1, direction, 10'000, false});
  while (!search.advance()) {
  }
  return search.hits();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Timeline timeline = small_stream();
  if (size == 0) return 0;
  const StateParts parts = data[0] % 2 == 0 ? StateParts::Become : StateParts::Hold;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ConditionCompletion completion = complete_condition(text, text.size() / 2);
  core::check(completion.from <= text.size(), "completion begins within the text");
  ConditionMistake mistake;
  const auto condition = Condition::parse(text, parts, &mistake);
  if (!condition) {
    core::check(mistake.column <= text.size() && mistake.length <= text.size() - mistake.column,
                "a mistake lies within the text");
    core::check(!mistake.message.empty(), "a mistake is told");
    return 0;
  }
  const auto again = Condition::parse(condition->text(), parts);
  core::check(again && again->tree().nodes.size() == condition->tree().nodes.size(), "a condition's text is one");
  auto back = all_hits(timeline, *condition, SearchDirection::Back);
  std::reverse(back.begin(), back.end());
  core::check(back == all_hits(timeline, *condition, SearchDirection::Forward), "both directions find the same");
  return 0;
}
