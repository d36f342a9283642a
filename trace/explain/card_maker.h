// CardMaker: one overload a kind of event, which says why in sentences. The words' keys are those of assets/strings,
// the numbers come from the moments; the overloads are in files by subject (cards_*.cpp).
#pragma once

#include <initializer_list>

#include "core/version/version_profile.h"
#include "trace/explain/card.h"
#include "trace/explain/moment.h"

namespace palloscope::trace {

// What is the same for all blocks of a context's kind.
struct KindLayout {
  std::uint64_t context_bytes = 0, block_bytes = 0, chunk_bytes = 0;
};

struct CardMaker {
  const core::VersionProfile& profile;
  const Call& call;
  const Subject& subject;
  const Moment& start;   // before the call
  const Moment& before;  // before the event
  const Moment& after;
  Card card;

  // contexts
  void operator()(const core::ContextCreated& e);
  void operator()(const core::ContextReset& e);
  void operator()(const core::ContextDeleted& e);
  void operator()(const core::ContextRecycled& e);
  void operator()(const core::ContextReparented& e);
  void operator()(const core::ContextIdentSet& e);
  void operator()(const core::ContextSwitched& e);
  void operator()(const core::CritSectionAllowed& e);
  void operator()(const core::CallbackRegistered& e);
  void operator()(const core::CallbackRun& e);
  // malloc and blocks
  void operator()(const core::Malloc& e);
  void operator()(const core::MallocFailed& e);
  void operator()(const core::Realloc& e);
  void operator()(const core::ReallocFailed& e);
  void operator()(const core::Free& e);
  void operator()(const core::BlockAdded& e);
  void operator()(const core::BlockRemoved& e);
  void operator()(const core::BlockEmptied& e);
  void operator()(const core::NextBlockSizeSet& e);
  void operator()(const core::BlockMoved& e);
  void operator()(const core::BlockReported& e);
  // chunks
  void operator()(const core::ChunkAllocated& e);
  void operator()(const core::ChunkFreed& e);
  void operator()(const core::ChunkCarved& e);
  void operator()(const core::ChunkResized& e);
  void operator()(const core::MemoryWritten& e);
  // the program, errors, dumps
  void operator()(const core::ErrorReported& e);
  void operator()(const core::AllocationFailed& e);
  void operator()(const core::ErrorCaught& e);
  void operator()(const core::FaultFound& e);
  void operator()(const core::Output& e);
  void operator()(const core::SourceText& e);
  void operator()(const core::SourceLine& e);
  void operator()(const core::Narration& e);
  void operator()(const core::Statement& e);
  void operator()(const core::VariableSet& e);
  void operator()(const core::SnapshotBegan& e);
  void operator()(const core::ContextReported& e);
  void operator()(const core::ContextsOmitted& e);
  void operator()(const core::SnapshotEnded& e);
  void operator()(const core::ProcessReported& e);
  // who acts, and what has a memory limit
  void operator()(const core::BackendStarted& e);
  void operator()(const core::BackendEnded& e);
  void operator()(const core::BackendSwitched& e);
  void operator()(const core::OperationBegan& e);
  void operator()(const core::OperationPhaseChanged& e);
  void operator()(const core::OperationCounted& e);
  void operator()(const core::OperationSpilled& e);
  void operator()(const core::OperationEnded& e);
  // a page is asked for: look-up, freelist, clock, rings
  void operator()(const core::PageRequested& e);
  void operator()(const core::PageLookedUp& e);
  void operator()(const core::FreelistPopped& e);
  void operator()(const core::FreelistPushed& e);
  void operator()(const core::ClockTicked& e);
  void operator()(const core::RingStepped& e);
  void operator()(const core::RingSlotSet& e);
  void operator()(const core::RingCreated& e);
  void operator()(const core::RingFreed& e);
  // buffers
  void operator()(const core::BufferPoolCreated& e);
  void operator()(const core::RelationNamed& e);
  void operator()(const core::BufferPinned& e);
  void operator()(const core::BufferUnpinned& e);
  void operator()(const core::BufferDirtied& e);
  void operator()(const core::BufferFlagged& e);
  void operator()(const core::BufferTagged& e);
  void operator()(const core::BufferUntagged& e);
  void operator()(const core::PoolReported& e);
  void operator()(const core::UsageCountReported& e);
  void operator()(const core::BufferNodeReported& e);
  // pages are written out
  void operator()(const core::BufferWritten& e);
  void operator()(const core::WalFlushed& e);
  void operator()(const core::CheckpointBegan& e);
  void operator()(const core::CheckpointEnded& e);
  void operator()(const core::BackgroundRound& e);
  // shared memory and the machine
  void operator()(const core::SegmentCreated& e);
  void operator()(const core::SegmentDestroyed& e);
  void operator()(const core::SegmentAttached& e);
  void operator()(const core::SegmentDetached& e);
  void operator()(const core::SegmentPinned& e);
  void operator()(const core::ShmemAllocated& e);
  void operator()(const core::ShmemFound& e);
  void operator()(const core::ShmemRequested& e);
  void operator()(const core::HugePagesTried& e);
  void operator()(const core::NumaNodeAdded& e);
  void operator()(const core::BackendPlaced& e);
  void operator()(const core::NumaPolicySet& e);
  void operator()(const core::PagesPlaced& e);
  void operator()(const core::PagesUsed& e);
  void operator()(const core::ShmemNodeReported& e);

  void say(std::string_view key, std::initializer_list<NamedValue> values = {}) {
    card.sentences.push_back({key, values});
  }
  void rule(std::string_view file, std::string_view function, std::string_view spec) {
    card.rule = {file, function, spec};
  }
  bool at_least(int major) const { return profile.major >= major; }

  // Of the context concerned, before the event or, if it came only now, after it.
  const ContextRecord* context() const;
  core::ContextKind kind() const;
  std::string name() const;  // "?" where it is not known
  KindLayout layout() const;
  // File and function by kind: rule_of_kind("3.5", "AllocSetAlloc", "GenerationAlloc", ...).
  void rule_of_kind(const char* aset_function, const char* aset_spec, const char* generation_function,
                    const char* generation_spec, const char* slab_function, const char* slab_spec,
                    const char* bump_function);
  // The functions that allocate from a fresh block, and large chunks.
  void rule_of_new_block();
  void rule_of_large();
  // nextBlockSize as the call found it, and what its chunk needs with all headers.
  std::uint64_t next_block_before() const;
  std::uint64_t required_for(const core::ChunkAllocated& chunk) const;
  std::uint64_t slab_full_chunk() const;
  std::uint64_t slab_chunks_per_block() const;
  void say_why_of_that_size(const core::ChunkAllocated& chunk, std::uint64_t block_bytes);
  void say_how_checked(const core::ChunkAllocated& e);

  // --- around private memory (server_words.cpp)
  const ServerDetails& was() const { return before.server; }
  const ServerDetails& now() const { return after.server; }
  const PoolRecord* pool() const;  // after the event; null: none is known
  bool is_local() const;           // the pool is one backend's own
  // "{backend}": who the event names, or else who acts; "a backend" where nobody said.
  NamedValue backend() const;
  // "{buffer}": as people count, local ones negative.
  NamedValue buffer(core::BufferSlot slot) const;
  NamedValue buffer(std::string_view name, core::BufferSlot slot) const;
  // "{page}": the one in the buffer; has_page() first. The one asked for; call.find<PageRequested>() first.
  NamedValue page() const;
  bool has_page() const;
  NamedValue requested_page() const;
  NamedValue segment() const;    // "{segment}"
  NamedValue operation() const;  // "{operation}"
};

// "{lsn}": "0/1000028".
NamedValue lsn_value(std::string_view name, std::uint64_t lsn);
std::string_view operation_kind_key(core::OperationKind kind);
std::string_view segment_kind_key(core::SegmentKind kind);

// How an event around private memory is called among the effects of its call, and what that call is; keys empty: it is
// none of these.
Sentence server_label(const CardMaker& maker, std::size_t effect);
Sentence server_call_title(const CardMaker& maker);

std::string_view kind_key(core::ContextKind kind);  // "kind.aset"

}  // namespace palloscope::trace
