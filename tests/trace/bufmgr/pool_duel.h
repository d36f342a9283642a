// core/bufmgr and the naive model side by side under random work of several backends: reads and new pages with and
// without rings, pins held, dirtying, drops and truncations, flushes, background writer rounds, checkpoints whole and
// in pieces, temporary relations, backends that end. After every step the manager's bytes, the state replayed from its
// events and the model say the same; after every event the rules of pool_check hold.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/bufmgr/buffer_manager.h"
#include "tests/support/naive_pool/naive_pool.h"
#include "trace/replay/memory_state.h"

namespace palloscope::test {

class PoolDuel {
 public:
  PoolDuel(int major, std::uint64_t seed);
  ~PoolDuel();

  // Empty: both did the same in all of them. Else what differed, with the last operations.
  std::string run(std::size_t steps);

  std::size_t steps() const { return steps_; }
  std::size_t events() const { return events_; }
  const std::map<std::string, std::size_t>& tally() const { return tally_; }

 private:
  struct Relation {
    core::RelationId id;
    NaivePool::Kind kind = NaivePool::Kind::Permanent;
    std::string name;
  };
  struct Sink final : core::EventSink {
    explicit Sink(PoolDuel& owner) : duel(owner) {}
    void emit(const core::EventBody& event) override { duel.take(event); }
    PoolDuel& duel;
  };
  struct Outcome {
    std::string error;
    std::vector<int> buffers;
    friend bool operator==(const Outcome&, const Outcome&) = default;
  };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  void take(const core::EventBody& event);

  void step();
  void read();
  void extend();
  void release();
  void pin_again();
  void dirty();
  void make_ring();
  void free_ring();
  void drop();
  void flush();
  void background_round();
  void checkpoint();
  void end_backend();

  // Does the same on both sides and notes what came of it.
  template <class Real, class Naive>
  Outcome both(const std::string& what, Real&& real, Naive&& naive);
  void act_as_some_client();
  int acting() const { return static_cast<int>(backends_->acting().value); }
  Relation some_relation();  // of the temporary ones, the acting backend's own
  core::RingSlot some_ring();
  int some_pinned();  // buffer that the acting backend has pinned; -1: none
  void name(const Relation& relation, std::uint32_t blocks);
  void fail(const std::string& what);

  void compare();
  void compare_buffer(std::size_t buffer);
  void compare_freelist();
  void compare_rings();
  void compare_backends();
  void compare_counts();

  int major_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  Sink sink_;
  trace::MemoryState state_;
  core::AddressSpace space_;
  std::unique_ptr<core::Backends> backends_;
  std::unique_ptr<core::BufferManager> manager_;
  std::unique_ptr<NaivePool> model_;
  std::vector<core::BackendSlot> clients_;
  core::BackendSlot writer_, checkpointer_;
  std::vector<Relation> relations_;
  std::set<std::uint32_t> temporary_;  // that live backends have named
  bool two_tablespaces_ = false;
  unsigned release_percent_ = 30;
  core::BackgroundRound last_round_;
  core::CheckpointEnded last_checkpoint_;
  std::size_t local_pools_ = 0;

  std::size_t steps_ = 0, events_ = 0;
  std::vector<std::string> history_;
  std::map<std::string, std::size_t> tally_;
  std::string failure_;
};

}  // namespace palloscope::test
