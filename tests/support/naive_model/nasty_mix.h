// NastyMix: random operations chosen to hurt: it looks at the model's state to hit the limits of size classes, of
// blocks and of chunk limits, and changes its mood (many tiny chunks, chains of repalloc, storms of pfree, churning
// contexts, failing mallocs, ...). The same seed on the same version makes the same operations.
#pragma once

#include <random>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

class NastyMix {
 public:
  NastyMix(const NaiveModel& model, std::uint64_t seed);

  Operation next();

 private:
  enum class Mood { Mixed, Tiny, Limits, Chain, Storm, Churn, Failing, Tree, Slabs, Large, kCount };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t chances) { return below(chances) == 0; }
  void change_mood();
  int some_context(int kind = -1);  // -1: there is none
  int some_chunk();
  std::uint64_t some_size(const NaiveContext& context);
  std::uint64_t limit_size(const NaiveContext& context);
  std::uint64_t absurd_size();
  bool is_below(int context, int ancestor) const;
  bool has_favourite() const;
  std::string some_ident();

  Operation create();
  Operation create_slab(Operation made);
  Operation alloc(int context);
  Operation realloc();
  Operation change_context();

  const NaiveModel& model_;
  std::mt19937_64 random_;
  Mood mood_ = Mood::Mixed;
  int mood_left_ = 0;
  int next_context_ = 0, next_chunk_ = 0;
  int favourite_ = -1, chain_ = -1;
  std::uint32_t next_callback_ = 1;
  std::size_t most_contexts_, most_chunks_;
  bool failing_ = false, deep_;
};

}  // namespace palloscope::test
