// OperationsWorld: the sorts, hash joins and hash aggregates that a script has begun. A script holds their numbers; one
// whose context was deleted beneath it (an error unwound, a transaction ended) has ended with it.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/workmem/hash_aggregate.h"
#include "core/workmem/hash_join.h"
#include "core/workmem/sort.h"

namespace palloscope::core {

class OperationsWorld {
 public:
  using AnyOperation =
      std::variant<std::unique_ptr<TupleSort>, std::unique_ptr<HashJoin>, std::unique_ptr<HashAggregate>>;

  explicit OperationsWorld(Process& process) : process_(process) {}

  std::uint32_t begin_sort(const SortSpec& spec);
  std::uint32_t begin_join(const HashJoinSpec& spec);
  std::uint32_t begin_aggregate(const HashAggregateSpec& spec);

  // Null: it is none of this kind, or it has ended.
  TupleSort* sort(std::uint32_t number) { return find<TupleSort>(number); }
  HashJoin* join(std::uint32_t number) { return find<HashJoin>(number); }
  HashAggregate* aggregate(std::uint32_t number) { return find<HashAggregate>(number); }

  // An error left it half done: nothing can be asked of it any more.
  bool broken(std::uint32_t number) const { return operations_[number].broken; }
  void set_broken(std::uint32_t number, bool broken) { operations_[number].broken = broken; }
  // It ends by itself now; what it deletes is not deleted beneath it.
  void will_end(std::uint32_t number) { operations_[number].main = {}; }
  void ended(std::uint32_t number);

  // Called behind the event. True: an operation lived there, and its end was announced.
  void context_deleted(Address context);

 private:
  struct Entry {
    AnyOperation operation;
    OperationSlot slot;
    Address main;  // its context
    bool broken = false;
  };
  template <class Kind>
  Kind* find(std::uint32_t number) {
    if (number >= operations_.size()) return nullptr;
    auto* held = std::get_if<std::unique_ptr<Kind>>(&operations_[number].operation);
    return held == nullptr ? nullptr : held->get();
  }
  template <class Kind, class Spec>
  std::uint32_t begin(const Spec& spec);

  Process& process_;
  OperationSlots slots_;
  std::vector<Entry> operations_;  // by number, in the order of their beginning
};

}  // namespace palloscope::core
