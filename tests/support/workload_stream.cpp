#include "tests/support/workload_stream.h"

#include <cmath>
#include <functional>
#include <random>

#include "core/mcxt/process.h"
#include "core/version/version_profile.h"

namespace palloscope::test {

using namespace core;

namespace {

class CountingSink final : public EventSink {
 public:
  explicit CountingSink(EventSink& to) : to_(to) {}
  void emit(const EventBody& event) override {
    ++count_;
    to_.emit(event);
  }
  std::uint64_t count() const { return count_; }

 private:
  EventSink& to_;
  std::uint64_t count_ = 0;
};

class Work {
 public:
  Work(std::uint64_t seed, EventSink& sink)
      : random_(seed), sink_(sink), process_(*find_profile(17, false), sink_), top_(process_.top_memory_context()) {}

  std::uint64_t count() const { return sink_.count(); }

  void oltp(std::uint64_t events);
  void olap(std::uint64_t events);
  void random(std::uint64_t events);

 private:
  using Random = std::mt19937_64;

  std::uint64_t roll(std::uint64_t below) { return random_() % below; }
  Address alloc(Address context, std::uint64_t bytes) { return process_.memory_context_alloc(context, bytes); }
  Address create(Address parent, std::string_view name, AllocSetSizes sizes = kDefaultSizes) {
    return process_.alloc_set_context_create(parent, name, sizes);
  }

  // Sizes as parse, plan and executor nodes have them: mostly small and mostly the same few.
  static std::uint64_t node_bytes(Random& random) {
    static constexpr std::uint16_t kSizes[] = {8,  16, 16, 16, 24, 24, 24,  32,  32,  40,  40,  48,
                                               56, 64, 64, 72, 80, 96, 112, 128, 152, 208, 320, 560};
    auto which = random() % 100;
    if (which < 94) return kSizes[random() % std::size(kSizes)];
    return which < 99 ? 1 + random() % 300 : 1024 + random() % 9000;
  }

  // `count` allocations as the same code makes them each time: `script` decides, seldom something else does.
  void work_in(Address context, int count, Random& script) {
    std::vector<Address> kept;
    for (int i = 0; i < count; ++i) {
      auto bytes = node_bytes(script);
      bool freed_soon = script() % 100 < 17, freed_later = script() % 100 < 3;
      if (roll(100) < 3) bytes = 1 + roll(200);
      auto at = alloc(context, bytes);
      if (freed_soon)
        process_.pfree(at);
      else if (freed_later && bytes < 200)
        kept.push_back(at);
    }
    for (auto at : kept) process_.pfree(at);
  }

  void start_backend();
  void statement(int kind);

  Random random_;
  CountingSink sink_;
  Process process_;
  Address top_, cache_{}, message_{}, portals_{};
};

void Work::start_backend() {
  cache_ = create(top_, "CacheMemoryContext");
  message_ = create(top_, "MessageContext");
  portals_ = create(top_, "TopPortalContext");
  Random script(99);
  for (int i = 0; i < 90; ++i) {
    auto index = create(cache_, "index info", kSmallSizes);
    work_in(index, 8, script);
  }
  work_in(cache_, 5000, script);
  work_in(top_, 1000, script);
}

void Work::statement(int kind) {
  Random script(static_cast<std::uint64_t>(kind) + 1);
  process_.memory_context_reset(message_);
  work_in(message_, 60 + 10 * kind, script);  // parse, plan
  auto portal = create(portals_, "PortalContext", kSmallSizes);
  work_in(portal, 3, script);
  auto state = create(portal, "ExecutorState");
  work_in(state, 40 + 5 * kind, script);
  auto per_tuple = create(state, "ExprContext");
  work_in(state, 10, script);
  work_in(per_tuple, 4, script);
  process_.memory_context_reset(per_tuple);
  if (kind % 2) {
    auto out = create(state, "printtup");
    work_in(out, 5, script);
    process_.memory_context_reset(out);
    process_.memory_context_delete(out);
  }
  if (roll(20) == 0) work_in(cache_, 2, script);
  process_.memory_context_delete(per_tuple);
  process_.memory_context_delete(state);
  process_.memory_context_delete(portal);
}

void Work::oltp(std::uint64_t events) {
  start_backend();
  while (count() < events) {
    auto transaction = create(top_, "TopTransactionContext");
    for (int kind = 0; kind < 7; ++kind) {
      statement(kind);
      work_in(transaction, 3, random_);
    }
    process_.memory_context_delete(transaction);
  }
}

void Work::olap(std::uint64_t events) {
  start_backend();
  while (count() < events) {
    statement(static_cast<int>(roll(7)));
    auto state = create(portals_, "ExecutorState");
    auto per_tuple = create(state, "ExprContext");
    auto rows = std::min<std::uint64_t>(50'000, events / 40 + 100);

    auto sort = process_.bump_context_create(state, "Caller tuples");  // sort
    for (std::uint64_t row = 0; row < rows; ++row) alloc(sort, 40);
    process_.memory_context_delete(sort);

    auto groups = create(state, "HashAgg table context");  // numeric sum by group
    for (std::uint64_t row = 0; row < rows; ++row) {
      for (auto bytes : {12u, 12u, 24u}) alloc(per_tuple, bytes);
      if (row % 1000 == 0) alloc(groups, 96);
      process_.memory_context_reset(per_tuple);
    }
    process_.memory_context_delete(groups);

    for (std::uint64_t row = 0; row < rows; ++row) {  // upper(s) || id::text
      auto length = 10 + roll(30);
      for (auto bytes : {length + 4, length + 5, length + 4, std::uint64_t{12}, length + 10}) alloc(per_tuple, bytes);
      process_.pfree(alloc(per_tuple, length + 1));
      process_.memory_context_reset(per_tuple);
    }
    for (std::uint64_t row = 0; row < rows / 10; ++row) {  // jsonb_build_object
      Random script(5);
      work_in(per_tuple, 35, script);
      for (auto bytes : {64u, 128u, 256u}) alloc(per_tuple, bytes + roll(64));
      process_.memory_context_reset(per_tuple);
    }
    process_.memory_context_delete(state);
  }
}

void Work::random(std::uint64_t events) {
  constexpr std::size_t kLive = 100'000, kContexts = 64;
  std::vector<Address> contexts;
  for (std::size_t i = 0; i < kContexts; ++i) contexts.push_back(create(top_, "context"));
  std::uniform_real_distribution<double> log_bytes(std::log(16.0), std::log(2048.0));
  auto any = [&](std::size_t i) {
    return alloc(contexts[i % kContexts], static_cast<std::uint64_t>(std::exp(log_bytes(random_))));
  };
  std::vector<Address> live;
  for (std::size_t i = 0; i < kLive; ++i) live.push_back(any(i));
  while (count() < events) {
    if (roll(1'000'000) == 0) {  // a whole context at once
      auto which = roll(kContexts);
      process_.memory_context_reset(contexts[which]);
      for (auto i = which; i < kLive; i += kContexts) live[i] = any(i);
      continue;
    }
    auto i = roll(kLive);
    process_.pfree(live[i]);
    live[i] = any(i);
  }
}

class KeepingSink final : public EventSink {
 public:
  void emit(const EventBody& event) override { events.push_back(event); }
  std::vector<EventBody> events;
};

}  // namespace

void run_workload(Workload workload, std::uint64_t seed, std::uint64_t events, EventSink& sink) {
  Work work(seed, sink);
  if (workload == Workload::Oltp) work.oltp(events);
  if (workload == Workload::Olap) work.olap(events);
  if (workload == Workload::Random) work.random(events);
}

std::vector<EventBody> workload_events(Workload workload, std::uint64_t seed, std::uint64_t events) {
  KeepingSink sink;
  sink.events.reserve(events + 10'000);
  run_workload(workload, seed, events, sink);
  return std::move(sink.events);
}

}  // namespace palloscope::test
