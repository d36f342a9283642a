// ServerReducer: what each kind of server event (core::kIsServerEvent) does to a ServerState. As the Reducer that calls
// it: it checks all it needs first, and refuses an event that cannot be, with the state as it was.
#pragma once

#include "trace/replay/journal.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

// Why an event cannot be what a correct server did; `why` is null if it was applied.
struct Refusal {
  const char* thing = "";
  std::uint32_t slot = 0;
  const char* why = nullptr;
};

template <class J>
class ServerReducer {
 public:
  // `number`: the event's.
  ServerReducer(ServerState& state, J& journal, EventNumber number) : s_(state), journal_(journal), n_(number) {}

  // server_reducer.cpp: backends, operations, maintenance
  Refusal operator()(const core::BackendStarted& e);
  Refusal operator()(const core::BackendEnded& e);
  Refusal operator()(const core::BackendSwitched& e);
  Refusal operator()(const core::OperationBegan& e);
  Refusal operator()(const core::OperationPhaseChanged& e);
  Refusal operator()(const core::OperationCounted& e);
  Refusal operator()(const core::OperationSpilled& e);
  Refusal operator()(const core::OperationEnded& e);
  Refusal operator()(const core::CheckpointBegan& e);
  Refusal operator()(const core::CheckpointEnded& e);
  // buffer_reducer.cpp
  Refusal operator()(const core::BufferPoolCreated& e);
  Refusal operator()(const core::RelationNamed& e);
  Refusal operator()(const core::PageRequested& e);
  Refusal operator()(const core::PageLookedUp& e);
  Refusal operator()(const core::FreelistPopped& e);
  Refusal operator()(const core::FreelistPushed& e);
  Refusal operator()(const core::ClockTicked& e);
  Refusal operator()(const core::RingStepped& e);
  Refusal operator()(const core::RingSlotSet& e);
  Refusal operator()(const core::RingCreated& e);
  Refusal operator()(const core::RingFreed& e);
  Refusal operator()(const core::BufferPinned& e);
  Refusal operator()(const core::BufferUnpinned& e);
  Refusal operator()(const core::BufferDirtied& e);
  Refusal operator()(const core::BufferWritten& e);
  Refusal operator()(const core::BufferFlagged& e);
  Refusal operator()(const core::BufferTagged& e);
  Refusal operator()(const core::BufferUntagged& e);
  Refusal operator()(const core::WalFlushed& e);
  Refusal operator()(const core::BackgroundRound& e);
  Refusal operator()(const core::PoolReported& e);
  Refusal operator()(const core::UsageCountReported& e);
  Refusal operator()(const core::BufferNodeReported& e);
  // shmem_reducer.cpp
  Refusal operator()(const core::SegmentCreated& e);
  Refusal operator()(const core::SegmentDestroyed& e);
  Refusal operator()(const core::SegmentAttached& e);
  Refusal operator()(const core::SegmentDetached& e);
  Refusal operator()(const core::SegmentPinned& e);
  Refusal operator()(const core::ShmemAllocated& e);
  Refusal operator()(const core::ShmemFound& e);
  Refusal operator()(const core::ShmemRequested& e);
  Refusal operator()(const core::HugePagesTried& e);
  Refusal operator()(const core::NumaNodeAdded& e);
  Refusal operator()(const core::BackendPlaced& e);
  Refusal operator()(const core::NumaPolicySet& e);
  Refusal operator()(const core::PagesPlaced& e);
  Refusal operator()(const core::PagesUsed& e);
  Refusal operator()(const core::ShmemNodeReported& e);

 private:
  template <class Record>
  Record* live(std::vector<Record>& table, std::uint32_t slot) {
    return slot < table.size() && table[slot].born != 0 ? &table[slot] : nullptr;
  }
  // The record of a new thing, empty and saved; null if the slot is taken or leaves a gap.
  template <class Record>
  Record* make(std::vector<Record>& table, std::uint32_t slot) {
    if (slot > table.size() || live(table, slot)) return nullptr;
    if (slot == table.size()) return &append(table);
    journal_.save_server(slot, table[slot]);
    table[slot] = {};
    table[slot].born = n_;
    return &table[slot];
  }
  template <class Record>
  Record& append(std::vector<Record>& table) {
    journal_.template save_server_size<Record>(table.size());
    Record& record = table.emplace_back();
    record.born = n_;
    return record;
  }
  // The live record, saved; null if there is none.
  template <class Record>
  Record* change(std::vector<Record>& table, std::uint32_t slot) {
    Record* record = live(table, slot);
    if (record) journal_.save_server(slot, *record);
    return record;
  }
  template <class Record>
  void drop(std::vector<Record>& table, std::uint32_t slot) {
    change(table, slot)->born = 0;
  }
  ServerPoint& change_point() {
    journal_.save_server(s_.point);
    return s_.point;
  }

  // A buffer and its pool; null record: there is none.
  struct BufferAndPool {
    BufferRecord* buffer = nullptr;
    PoolRecord* pool = nullptr;
    explicit operator bool() const { return buffer != nullptr; }
  };
  BufferAndPool find(BufferSlot slot);
  // Both are going to change.
  void save(BufferSlot slot, const BufferAndPool& found);
  // The descriptor's new state word; the pool's counts follow. Saved before.
  void set_word(const BufferAndPool& found, std::uint32_t word);
  void unlink_first_free(const BufferAndPool& found);

  ServerState& s_;
  J& journal_;
  EventNumber n_;
};

}  // namespace palloscope::trace
