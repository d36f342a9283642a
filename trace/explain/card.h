// Card: why an event did what it did, without a word of any language: each sentence is a key of the string tables
// (assets/strings, "why.") and the numbers that go into it, taken from the state before and after the event.
// gui/explain.h makes text of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// Page: the block `number` of the relation `text`.
enum class ValueKind : std::uint8_t { Bytes, Count, Address, Event, Text, Key, Page };

struct NamedValue {
  std::string_view name;  // of the placeholder
  ValueKind kind = ValueKind::Count;
  std::uint64_t number = 0;
  std::string text;  // Text: as it is; Key: of the string tables, to be said in the reader's language
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

inline NamedValue bytes_value(std::string_view name, std::uint64_t n) { return {name, ValueKind::Bytes, n, {}}; }
inline NamedValue count_value(std::string_view name, std::uint64_t n) { return {name, ValueKind::Count, n, {}}; }
inline NamedValue address_value(std::string_view name, core::Address a) {
  return {name, ValueKind::Address, a.value, {}};
}
inline NamedValue event_value(std::string_view name, core::EventNumber n) { return {name, ValueKind::Event, n, {}}; }
inline NamedValue text_value(std::string_view name, std::string text) {
  return {name, ValueKind::Text, 0, std::move(text)};
}
inline NamedValue key_value(std::string_view name, std::string_view key) {
  return {name, ValueKind::Key, 0, std::string(key)};
}

inline NamedValue page_value(std::string_view name, std::string relation, std::uint32_t block) {
  return {name, ValueKind::Page, block, std::move(relation)};
}

struct Sentence {
  std::string_view key;
  std::vector<NamedValue> values;
  friend bool operator==(const Sentence&, const Sentence&) = default;
};

// Where the rule stands: PostgreSQL's file and function, and the section of the project's specification.
struct RulePlace {
  std::string_view file, function, spec;
  friend bool operator==(const RulePlace&, const RulePlace&) = default;
};

// What can be pointed at from the card: there after the event. `born` 0: none.
template <class Slot>
struct CardLink {
  Slot slot{};
  core::EventNumber born = 0;
  friend bool operator==(const CardLink&, const CardLink&) = default;
};

// One effect of the call that the event belongs to.
struct CallEffect {
  core::EventNumber event = 0;
  Sentence label;
  friend bool operator==(const CallEffect&, const CallEffect&) = default;
};

struct Card {
  core::EventNumber event = 0;
  std::vector<Sentence> sentences;  // never empty: what happened, by which rule, what follows
  RulePlace rule;                   // empty: nothing of PostgreSQL's (a source line, words of the lesson)
  CardLink<core::ContextSlot> context;
  CardLink<core::BlockSlot> block;
  CardLink<core::ChunkSlot> chunk;
  core::BufferSlot buffer;  // of a page that is asked for: where the call finds or puts it; none: no buffer
  CardLink<core::SegmentSlot> segment;
  CardLink<std::uint32_t> allocation;  // in shared memory: index into ServerState::allocations
  Sentence call;                       // "palloc of 8000 B in work"; key empty: the event stands alone
  std::vector<CallEffect> effects;     // of that call, in order; empty: the event stands alone
  std::size_t effect = 0;              // index of this event
};

}  // namespace palloscope::trace
