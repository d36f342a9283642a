// NaiveModel: PostgreSQL's memory contexts a second time, written from the specification alone (sections 2 to 7, 9.1
// and 13) and sharing nothing with core/: no bytes, no headers, no addresses, only vectors of blocks and chunks with
// offsets. It is slow and obvious, so that core can be held against it on sequences that nobody recorded.
//
// It knows no mistakes: an operation on what is not there is the test's own fault.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/naive_model/operation.h"

namespace palloscope::test {

// Header sizes of one version and build (spec 2.1).
struct NaiveSizes {
  NaiveSizes(int major, bool checking);
  std::uint64_t set, set_block, set_chunk;
  std::uint64_t generation, generation_block, generation_chunk;
  std::uint64_t slab, slab_block, slab_chunk;
  std::uint64_t bump, bump_block, bump_chunk;
};

struct NaiveChunk {
  int context = 0;
  Place at;
  std::uint64_t usable = 0;
  bool external = false;
  std::uint64_t align = 0;  // 0: not an aligned chunk
  Place raw;                // the chunk around an aligned one
};

struct NaiveBlock {
  std::int64_t region = 0;
  std::uint64_t header = 0, start = 0, free_at = 0, end = 0;  // offsets in the region
  bool keeper = false;
  int nchunks = 0, nfree = 0;   // Generation; Slab: nfree
  int nunused = 0;              // Slab, 16+
  std::vector<int> free_chain;  // Slab: chunk indexes, first one next (15: never-used ones too)
};

struct NaiveContext {
  core::ContextKind kind = core::ContextKind::AllocSet;
  std::string name;
  std::optional<std::string> ident;
  int parent = -2;            // -1: TopMemoryContext; -2: none
  std::vector<int> children;  // newest first
  bool is_reset = true, crit = false;
  std::uint64_t mem = 0;
  std::vector<std::uint32_t> callbacks;  // last registered first
  std::set<int> chunks;                  // live ones

  std::int64_t region = 0;  // holds the context header
  std::uint64_t init = 0, max = 0, next = 0, limit = 0;
  int list = -1;                                 // AllocSet: recycled-context list
  std::vector<NaiveBlock> blocks;                // list order; not Slab
  std::array<std::vector<Place>, 11> freelists;  // AllocSet: the last one is the head
  std::int64_t current = -1, freeblock = -1;     // Generation: regions; -1: none
  std::uint64_t chunk_size = 0, full_chunk = 0;  // Slab
  std::uint64_t header_size = 0;                 // Slab: of the context
  int per_block = 0, shift = 0;                  // Slab
  int current_list = 0;                          // Slab: 15 minFreeChunks, 16+ curBlocklistIndex
  std::vector<std::vector<NaiveBlock>> lists;    // Slab: 15 by free chunks, 16+ three
  std::vector<NaiveBlock> empty;                 // Slab, 16+
};

struct NaiveCounters {
  std::uint64_t blocks = 0, free_chunks = 0, total = 0, free = 0;
};

class NaiveModel {
 public:
  // `base`: the address of a malloc'ed region; only where aligned chunks lie depends on it.
  NaiveModel(int major, bool checking, std::function<std::uint64_t(std::int64_t)> base);

  Outcome apply(const Operation& operation);

  // Answers as golden files record them (spec 15.2, 15.3).
  nlohmann::json dump(int context) const;
  nlohmann::json tree(int context) const;
  std::string stats_text(int context, int max_children) const;
  std::string stats_line(int context) const;
  std::uint64_t mem_allocated(int context, bool recurse) const;
  std::uint64_t chunk_space(int chunk) const;

  int major() const { return major_; }
  bool checking() const { return checking_; }
  const std::map<int, NaiveContext>& contexts() const { return contexts_; }
  const std::map<int, NaiveChunk>& chunks() const { return chunks_; }
  std::size_t recycled(int list) const { return recycled_[list].size(); }

 private:
  struct Error {
    std::string text;
  };
  using Maybe = std::optional<NaiveChunk>;

  // naive_model.cpp: the common layer (spec 7)
  void carry_out(const Operation& operation, Outcome& outcome);
  void create(const Operation& operation);
  void answer_chunk(const Maybe& chunk, Outcome& outcome) const;
  Maybe alloc_plain(int context, std::uint64_t size);
  Maybe alloc_extended(int context, std::uint64_t size, int flags);
  Maybe alloc_aligned(int context, std::uint64_t size, std::uint64_t align, int flags);
  Maybe repalloc(const NaiveChunk& chunk, std::uint64_t size, int flags);
  void pfree(const NaiveChunk& chunk);
  Maybe alloc(NaiveContext& context, std::uint64_t size, int flags);
  Maybe realloc(NaiveContext& context, const NaiveChunk& chunk, std::uint64_t size, int flags);
  void free(NaiveContext& context, const NaiveChunk& chunk);
  void run_callbacks(NaiveContext& context);
  void forget_chunks(NaiveContext& context);
  void reset(int context);
  void reset_only(int context);
  void reset_children(int context);
  void remove(int context);
  void set_parent(int context, int parent);
  void check_size(std::uint64_t size, int flags) const;
  [[noreturn]] void out_of_memory(const std::string& detail);

  std::optional<std::int64_t> malloc(std::uint64_t bytes);
  bool resize(std::int64_t region, std::uint64_t bytes);
  void release(std::int64_t region);
  bool refused(std::uint64_t bytes) const;

  // one file a kind
  void set_create(NaiveContext& context, const Operation& operation);
  Maybe set_alloc(NaiveContext& context, std::uint64_t size, int flags);
  Maybe set_realloc(NaiveContext& context, const NaiveChunk& chunk, std::uint64_t size, int flags);
  void set_free(NaiveContext& context, const NaiveChunk& chunk);
  void set_reset(NaiveContext& context);
  void set_delete(NaiveContext& context);

  void generation_create(NaiveContext& context, const Operation& operation);
  Maybe generation_alloc(NaiveContext& context, std::uint64_t size, int flags);
  void generation_free(NaiveContext& context, const NaiveChunk& chunk);
  void generation_reset(NaiveContext& context);

  void slab_create(NaiveContext& context, const Operation& operation);
  Maybe slab_alloc(NaiveContext& context, std::uint64_t size);
  void slab_free(NaiveContext& context, const NaiveChunk& chunk);
  void slab_reset(NaiveContext& context);
  Maybe slab_alloc_15(NaiveContext& context);
  Maybe slab_alloc_16(NaiveContext& context);
  void slab_free_15(NaiveContext& context, const NaiveChunk& chunk);
  void slab_free_16(NaiveContext& context, const NaiveChunk& chunk);
  NaiveChunk slab_chunk(const NaiveContext& context, const NaiveBlock& block, int index) const;

  void bump_create(NaiveContext& context, const Operation& operation);
  Maybe bump_alloc(NaiveContext& context, std::uint64_t size, int flags);
  void bump_reset(NaiveContext& context);

  void first_block(NaiveContext& context, const Operation& operation, std::uint64_t context_bytes,
                   std::uint64_t block_bytes, std::uint64_t chunk_bytes);
  std::uint64_t limit_of(std::uint64_t start, std::uint64_t max, std::uint64_t block_bytes, std::uint64_t chunk_bytes,
                         std::uint64_t fraction) const;
  void free_all_but_keeper(NaiveContext& context, std::uint64_t block_bytes);

  // naive_stats.cpp
  NaiveCounters counters(const NaiveContext& context) const;
  std::string stats_of(const NaiveContext& context) const;
  void print(int context, int level, bool show, int max_children, NaiveCounters& sum, std::string& text) const;
  bool is_empty(const NaiveContext& context) const;
  std::uint64_t space_of(const NaiveChunk& chunk) const;
  std::uint64_t word_of(const NaiveChunk& chunk) const;
  std::uint64_t chunk_header(core::ContextKind kind) const;
  void below(int context, std::vector<int>& found) const;  // all descendants, preorder

  int major_;
  bool checking_;
  NaiveSizes sizes_;
  std::function<std::uint64_t(std::int64_t)> base_;
  std::map<int, NaiveContext> contexts_;  // Top is -1, ErrorContext -3
  std::map<int, NaiveChunk> chunks_;
  std::vector<NaiveContext> recycled_[2];  // the last one is the head
  std::int64_t next_region_ = 0;
  std::uint64_t fail_from_ = 0;
  std::vector<MallocCall> calls_;
  std::vector<std::uint32_t> run_;  // callbacks
  std::string output_;
};

constexpr std::uint64_t up8(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace palloscope::test
