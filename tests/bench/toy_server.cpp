#include "tests/bench/toy_server.h"

#include <algorithm>
#include <random>
#include <vector>

#include "tests/bench/toy_heap.h"

namespace palloscope::bench {

namespace {

using Chunk = ToyHeap::Chunk;
using Random = std::mt19937_64;

// Sizes as parse, plan and executor nodes have them: mostly small, mostly the same few, seldom large.
std::uint64_t node_bytes(Random& random) {
  static constexpr std::uint16_t kSizes[] = {8,  16, 16, 16, 24, 24, 24,  32,  32,  40,  40,  48,
                                             56, 64, 64, 72, 80, 96, 112, 128, 152, 208, 320, 560};
  const std::uint64_t which = random() % 128;
  if (which < 122) return kSizes[random() % std::size(kSizes)];
  return which < 127 ? 1 + random() % 300 : 1024 + random() % 12000;
}

class Server {
 public:
  Server(const StreamOptions& options, core::EventSink& sink) : options_(options), random_(options.seed), heap_(sink) {
    top_ = heap_.create(ToyHeap::kNone, "TopMemoryContext");
    cache_ = heap_.create(top_, "CacheMemoryContext");
    message_ = heap_.create(top_, "MessageContext");
  }

  void run() {
    if (options_.kind == StreamKind::Random) return random();
    fill_cache();
    for (std::uint64_t n = 0; heap_.events() < options_.events; ++n)
      options_.kind == StreamKind::Oltp ? transaction(n) : query(n);
  }

 private:
  std::uint64_t roll(std::uint64_t below) { return random_() % below; }

  // What stays: a tenth in the cache itself, the rest in a small context for each index or plan.
  void fill_cache() {
    std::uint32_t entry = cache_;
    for (std::uint64_t i = 0; i < options_.live; ++i) {
      if (i % 400 == 40) entry = heap_.create(cache_, "index info", ToyHeap::kSmall);
      if (i % 400 == 0) entry = cache_;
      kept_.push_back(heap_.alloc(entry, node_bytes(random_)));
    }
  }

  // The same code allocates the same each time: `script` decides, seldom something else does. One of six is freed soon,
  // a few later, most never by themselves.
  void work_in(std::uint32_t context, int count, Random& script) {
    later_.clear();
    for (int i = 0; i < count; ++i) {
      std::uint64_t bytes = node_bytes(script);
      const std::uint64_t fate = script() % 100;
      if (roll(100) < 2) bytes = 1 + roll(200);
      const Chunk chunk = heap_.alloc(context, bytes);
      if (fate < 14) heap_.free(chunk);
      if (fate >= 97) later_.push_back(chunk);
    }
    for (const Chunk& chunk : later_) heap_.free(chunk);
  }

  // An entry of a cache is thrown out and another one built.
  void renew_cache_entry() {
    if (kept_.empty()) return;
    Chunk& chunk = kept_[roll(kept_.size())];
    heap_.free(chunk);
    chunk = heap_.alloc(chunk.context, node_bytes(random_));
  }

  // Five statements of one transaction: each parsed and planned in MessageContext, run in a portal's contexts.
  void transaction(std::uint64_t n) {
    Random script(1 + n % 3);
    const std::uint32_t whole = heap_.create(top_, "TopTransactionContext");
    for (int statement = 0; statement < 5; ++statement) {
      heap_.reset(message_);
      work_in(message_, 90 + 10 * statement, script);
      const std::uint32_t portal = heap_.create(top_, "PortalContext", ToyHeap::kSmall);
      const std::uint32_t state = heap_.create(portal, "ExecutorState");
      work_in(state, 60, script);
      const std::uint32_t expr = heap_.create(state, "ExprContext");
      const std::uint32_t scan = heap_.create(state, "ExprContext");
      for (int row = 0; row < 3; ++row) {
        work_in(expr, 6, script);
        heap_.reset(expr);
      }
      work_in(scan, 12, script);
      work_in(whole, 10, script);
      if (roll(10) == 0) renew_cache_entry();
      for (const std::uint32_t context : {scan, expr, state, portal}) heap_.destroy(context);
    }
    heap_.destroy(whole);
  }

  // A query over many rows: a sort, an aggregate of strings, or a hash table, by turns.
  void query(std::uint64_t n) {
    Random script(1 + n % 3);
    heap_.reset(message_);
    work_in(message_, 150, script);
    const std::uint32_t state = heap_.create(top_, "ExecutorState");
    const std::uint32_t table = heap_.create(state, n % 3 == 0 ? "Caller tuples" : "HashAgg hash entries");
    const std::uint32_t expr = heap_.create(state, "ExprContext");
    const std::uint64_t rows = 20'000 + roll(120'000);
    for (std::uint64_t row = 0; row < rows; ++row) {
      if (n % 3 == 0) {
        heap_.alloc(table, 32 + 8 * roll(5));
      } else if (n % 3 == 1) {
        for (int i = 0; i < 3; ++i) heap_.alloc(expr, 16 + 8 * (row % 4));
        const Chunk text = heap_.alloc(expr, 12 + roll(40));
        heap_.alloc(expr, 64);
        heap_.free(text);
        heap_.reset(expr);
      } else {
        const Chunk key = heap_.alloc(expr, 24 + row % 16);
        heap_.alloc(expr, 40);
        if (roll(8) == 0) heap_.alloc(table, 48);
        heap_.free(key);
        heap_.reset(expr);
      }
    }
    renew_cache_entry();
    for (const std::uint32_t context : {expr, table, state}) heap_.destroy(context);
  }

  // The worst case: random sizes freed in random order, all over 64 contexts.
  void random() {
    std::vector<std::uint32_t> contexts;
    while (contexts.size() < 64) contexts.push_back(heap_.create(top_, "ExprContext"));
    const auto add = [&] { return heap_.alloc(contexts[roll(64)], 16 + roll(std::uint64_t{16} << roll(7))); };
    while (kept_.size() < std::max<std::uint64_t>(options_.live, 1)) kept_.push_back(add());
    while (heap_.events() < options_.events) {
      Chunk& victim = kept_[roll(kept_.size())];
      heap_.free(victim);
      victim = add();
    }
  }

  StreamOptions options_;
  Random random_;
  ToyHeap heap_;
  std::uint32_t top_ = 0, cache_ = 0, message_ = 0;
  std::vector<Chunk> kept_, later_;
};

}  // namespace

std::optional<StreamKind> stream_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kStreamNames); ++i)
    if (name == kStreamNames[i]) return static_cast<StreamKind>(i);
  return std::nullopt;
}

void make_stream(const StreamOptions& options, core::EventSink& sink) { Server(options, sink).run(); }

}  // namespace palloscope::bench
