#include "trace/replay/journal.h"

#include <map>

#include "core/base/check.h"

namespace palloscope::trace {
namespace {

// Rough size of what a ContextWords owns, for the budget.
std::size_t words_bytes(const ContextWords& words) {
  return sizeof(ContextWords) + words.callbacks.size() * sizeof(std::uint32_t) + words.name.size() +
         (words.ident ? words.ident->size() : 0);
}

template <class Pair>
void erase_front(std::vector<Pair>& saved, std::size_t count) {
  saved.erase(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

void Journal::begin(const MemoryState& state) {
  if (bytes() > budget_bytes_) forget_older_half();
  entries_.push_back({state.heads_, static_cast<std::uint32_t>(state.contexts_.size()),
                      static_cast<std::uint32_t>(state.blocks_.size()),
                      static_cast<std::uint32_t>(state.chunks_.size()), numbers_.size(), words_.size(), blocks_.size(),
                      chunks_.size(), drops_.size(), variables_.size(), server_.size()});
}

void Journal::save_words(ContextSlot slot, const ContextWords& old) {
  const std::size_t bytes = words_bytes(old);
  word_bytes_ += bytes;
  words_.push_back({slot, old, bytes});
}

std::size_t Journal::bytes() const {
  return entries_.size() * sizeof(Entry) + numbers_.size() * sizeof(numbers_[0]) + word_bytes_ +
         blocks_.size() * sizeof(blocks_[0]) + chunks_.size() * sizeof(chunks_[0]) + drops_.size() * sizeof(drops_[0]) +
         variables_.size() * sizeof(variables_[0]) + server_.bytes();
}

void Journal::forget_older_half() {
  const std::size_t cut = entries_.size() / 2 + 1;
  if (cut >= entries_.size()) return clear();
  const Entry from = entries_[cut];
  for (std::size_t i = 0; i < from.words; ++i) word_bytes_ -= words_[i].bytes;
  erase_front(entries_, cut);
  erase_front(numbers_, from.numbers);
  erase_front(words_, from.words);
  erase_front(blocks_, from.blocks);
  erase_front(chunks_, from.chunks);
  erase_front(drops_, from.drops);
  erase_front(variables_, from.variables);
  server_.forget_first(from.server);
  for (Entry& entry : entries_) {
    entry.numbers -= from.numbers;
    entry.words -= from.words;
    entry.blocks -= from.blocks;
    entry.chunks -= from.chunks;
    entry.drops -= from.drops;
    entry.variables -= from.variables;
    entry.server -= from.server;
  }
  // One huge event (the reset of a million chunks) may hold most of the budget by itself.
  if (bytes() > budget_bytes_) forget_older_half();
}

void Journal::clear() {
  entries_.clear();
  numbers_.clear();
  words_.clear();
  blocks_.clear();
  chunks_.clear();
  drops_.clear();
  variables_.clear();
  server_.clear();
  word_bytes_ = 0;
}

bool Journal::undo(MemoryState& state) {
  if (entries_.empty() || entries_.back().heads.event_number + 1 != state.heads_.event_number) return false;
  const Entry& entry = entries_.back();
  // Newest first, so that the oldest of several values saved for one record is the one that stays.
  for (; numbers_.size() > entry.numbers; numbers_.pop_back()) {
    auto& [slot, old] = numbers_.back();
    static_cast<ContextNumbers&>(state.contexts_[slot.value]) = old;
  }
  for (; words_.size() > entry.words; words_.pop_back()) {
    Words& words = words_.back();
    word_bytes_ -= words.bytes;
    static_cast<ContextWords&>(state.contexts_[words.slot.value]) = std::move(words.old);
  }
  for (; blocks_.size() > entry.blocks; blocks_.pop_back()) {
    state.blocks_[blocks_.back().first.value] = blocks_.back().second;
  }
  for (; chunks_.size() > entry.chunks; chunks_.pop_back()) {
    state.chunks_[chunks_.back().first.value] = chunks_.back().second;
  }
  for (; drops_.size() > entry.drops; drops_.pop_back()) {
    state.chunks_[drops_.back().first.value].state = drops_.back().second;
  }
  for (; variables_.size() > entry.variables; variables_.pop_back()) {
    auto& [name, old] = variables_.back();
    if (old) {
      state.variables_[name] = *old;
    } else {
      state.variables_.erase(name);
    }
  }
  server_.undo_to(entry.server, state.server_);
  state.contexts_.resize(entry.context_slots);
  state.blocks_.resize(entry.block_slots);
  state.chunks_.resize(entry.chunk_slots);
  if (entry.heads.fault_count < state.faults_.size()) state.faults_.resize(entry.heads.fault_count);
  state.heads_ = entry.heads;
  entries_.pop_back();
  return true;
}

Journal::OldRecords Journal::before(const MemoryState& state, std::size_t events) const {
  core::check(events <= entries_.size(), "only journaled events have old records");
  OldRecords old;
  old.totals = state.totals();
  old.point = state.point();
  if (events == 0) return old;
  const Entry& from = entries_[entries_.size() - events];
  old.totals = from.heads.totals;
  old.point = from.heads.point;

  // As undo would do it, newest first, on copies of the touched records.
  std::map<ContextSlot, ContextRecord> contexts;
  std::map<BlockSlot, BlockRecord> blocks;
  std::map<ChunkSlot, ChunkRecord> chunks;
  auto context = [&](ContextSlot slot) -> ContextRecord& {
    return contexts.try_emplace(slot, state.contexts_[slot.value]).first->second;
  };
  for (std::size_t i = numbers_.size(); i > from.numbers; --i) {
    static_cast<ContextNumbers&>(context(numbers_[i - 1].first)) = numbers_[i - 1].second;
  }
  for (std::size_t i = words_.size(); i > from.words; --i) {
    static_cast<ContextWords&>(context(words_[i - 1].slot)) = words_[i - 1].old;
  }
  for (std::size_t i = blocks_.size(); i > from.blocks; --i) blocks[blocks_[i - 1].first] = blocks_[i - 1].second;
  std::size_t saved = chunks_.size(), dropped = drops_.size();
  for (std::size_t e = entries_.size(); e > entries_.size() - events; --e) {
    const Entry& entry = entries_[e - 1];
    for (; saved > entry.chunks; --saved) chunks[chunks_[saved - 1].first] = chunks_[saved - 1].second;
    for (; dropped > entry.drops; --dropped) {
      auto [slot, was] = drops_[dropped - 1];
      chunks.try_emplace(slot, state.chunks_[slot.value]).first->second.state = was;
    }
  }
  std::map<BufferSlot, BufferRecord> buffers;
  server_.old_buffers(from.server, buffers);
  // Slots that did not exist before.
  for (std::uint32_t i = from.context_slots; i < state.contexts_.size(); ++i) contexts[ContextSlot{i}] = {};
  for (std::uint32_t i = from.block_slots; i < state.blocks_.size(); ++i) blocks[BlockSlot{i}] = {};
  for (std::uint32_t i = from.chunk_slots; i < state.chunks_.size(); ++i) chunks[ChunkSlot{i}] = {};
  old.contexts.assign(contexts.begin(), contexts.end());
  old.blocks.assign(blocks.begin(), blocks.end());
  old.chunks.assign(chunks.begin(), chunks.end());
  old.buffers.assign(buffers.begin(), buffers.end());
  return old;
}

}  // namespace palloscope::trace
