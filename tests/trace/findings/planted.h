// A process whose events are a trace, with rounds (transactions) and whatever is planted in them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/mcxt/process.h"
#include "trace/findings/survey.h"

namespace palloscope::test {

struct Planted {
  explicit Planted(int pg_major = 17)
      : timeline(trace::Timeline::recording(description(pg_major))),
        process(*core::find_profile(pg_major, false), timeline.sink()),
        top(process.top_memory_context()),
        cache(process.alloc_set_context_create(top, "CacheMemoryContext")),
        transaction(process.alloc_set_context_create(top, "TopTransactionContext")) {}

  core::Address alloc(core::Address context, std::uint64_t bytes) {
    return process.memory_context_alloc(context, bytes);
  }
  // Each does the usual work of a transaction, which its end gives back, and `more`.
  void transactions(int count, const std::function<void(int)>& more) {
    for (int i = 0; i < count; ++i) {
      for (int k = 1; k < 20; ++k) alloc(transaction, static_cast<std::uint64_t>(16 * k));
      more(i);
      process.memory_context_reset(transaction);
    }
  }
  // Surveyed in slices of so many events.
  std::unique_ptr<trace::Survey> survey(std::size_t slice = 1000, std::optional<trace::RoundRule> rounds = {}) {
    auto found = std::make_unique<trace::Survey>(timeline, std::move(rounds));
    while (!found->advance(slice)) {
    }
    return found;
  }

  static core::StreamDescription description(int pg_major) {
    core::StreamDescription description;
    description.pg_major = pg_major;
    return description;
  }

  trace::Timeline timeline;
  core::Process process;
  core::Address top, cache, transaction;
};

// All kinds found, for messages: "growth TopMemoryContext/CacheMemoryContext".
inline std::string kinds_of(const trace::Survey& survey) {
  std::string text;
  for (const trace::Finding& finding : survey.findings())
    text += std::string(finding_kind_name(finding.kind)) + ' ' + finding.path + '\n';
  return text;
}

}  // namespace palloscope::test
