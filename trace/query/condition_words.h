// The words of the condition language, one row each: the parser, completion and the help page read this table. What a
// word means, for people, stands in the strings under "condition.word.NAME".
#pragma once

#include <span>
#include <string_view>

#include "trace/query/kind_set.h"

namespace palloscope::trace {

enum class WordSort : std::uint8_t {
  Deed,       // true or false of an event: alloc, reset, evicted
  Field,      // a number of the event: size
  Place,      // a number of where it happened: event, buffer
  TextField,  // a text of the event: text, fault_kind
  TextPlace,  // a text of where it happened: context, path
  Sum,        // a number of all contexts of a name: total("ExecutorState")
  Local,      // a number of the state of the event's context or buffer: context.total, usage_count
  Global,     // a number of the whole state: heap.total, pool.dirty
  Thing,      // begins a phrase: chunk 0x55d0c0de1000 touched
  Change,     // ends a phrase: usage_count decremented
  Joint,      // and, or, not, became
};

enum class Quantity : std::uint8_t {
  None,
  Size,
  Granted,
  At,
  Ordinal,
  Buffer,
  Page,
  Backend,  // of the event
  Text,
  FaultName,
  Context,
  Path,
  KindName,
  BackendName,
  Relation,  // texts
  Total,
  Used,
  Free,
  Requested,
  Chunks,
  FreeChunks,
  Blocks,
  Count,  // of contexts
  Depth,
  FreelistLength,
  UsageCount,
  PinCount,  // of the event's context or buffer
  HeapTotal,
  HeapMalloc,
  HeapUsed,
  HeapRequested,
  HeapChunks,
  HeapContexts,
  HeapRegions,
  PoolUsed,
  PoolDirty,
  PoolPinned,
  PoolRequests,
  PoolHits,
  PoolEvictions,
  PoolFree,
};

struct ConditionWord {
  std::string_view word;
  WordSort sort = WordSort::Deed;
  Quantity quantity = Quantity::None;
  KindSet kinds{};             // Deed: at these kinds it is true; Field, TextField: these have it
  std::uint32_t flags = 0;     // Deed: and only with one of these EventFlags; 0: always
  std::string_view example{};  // a whole condition
  std::string_view same_as{};  // another row's word, for a second name
};

// In the order in which help lists them.
std::span<const ConditionWord> condition_words();
// Null if there is no such. `sum`: the word is followed by a bracket, as in free("MessageContext").
const ConditionWord* find_condition_word(std::string_view word, bool sum);
// The kind of event that is called so in core/events/event.h ("ChunkAllocated"); 0 if there is none.
std::uint8_t find_event_kind(std::string_view word);

}  // namespace palloscope::trace
