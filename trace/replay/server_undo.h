// ServerUndo: the old values of what events changed in a ServerState; a part of Journal.
#pragma once

#include <cstddef>
#include <map>
#include <variant>
#include <vector>

#include "trace/replay/server_state.h"

namespace palloscope::trace {

// The table that holds records of this type.
template <class Record>
std::vector<Record>& server_table(ServerState& state);

class ServerUndo {
 public:
  // Before the record changes.
  template <class Record>
  void save(std::uint32_t index, const Record& old) {
    log_.push_back(Saved<Record>{index, old});
    bytes_ += sizeof(Entry) + owned_bytes(old);
  }
  // Before the table grows.
  template <class Record>
  void save_size(std::size_t size) {
    log_.push_back(SavedSize<Record>{size});
    bytes_ += sizeof(Entry);
  }
  void save(const ServerPoint& old) {
    log_.push_back(old);
    bytes_ += sizeof(Entry);
  }

  std::size_t size() const { return log_.size(); }
  std::size_t bytes() const { return bytes_; }
  void clear();
  void forget_first(std::size_t count);
  // Takes back everything behind the first `size` values.
  void undo_to(std::size_t size, ServerState& state);
  // The buffers whose records were saved behind the first `from` values, as they were then.
  void old_buffers(std::size_t from, std::map<BufferSlot, BufferRecord>& into) const;

 private:
  template <class Record>
  struct Saved {
    std::uint32_t index = 0;
    Record old;
  };
  template <class Record>
  struct SavedSize {
    std::size_t size = 0;
  };
  template <class... Records>
  using Log = std::variant<ServerPoint, Saved<Records>..., SavedSize<Records>...>;
  using Entry = Log<BackendRecord, PoolRecord, BufferRecord, RingRecord, RelationRecord, SegmentRecord, ShmemRecord,
                    ShmemRequestRecord, NodeRecord, PlacementRecord, OperationRecord>;

  template <class Record>
  static std::size_t owned_bytes(const Record& record) {
    std::size_t bytes = 0;
    if constexpr (requires { record.name; }) bytes += record.name.capacity();
    if constexpr (requires { record.purpose; }) bytes += record.purpose.capacity();
    if constexpr (requires { record.library; }) bytes += record.library.capacity();
    if constexpr (requires { record.attached; }) bytes += record.attached.capacity() * sizeof(record.attached[0]);
    if constexpr (requires { record.nodes; }) bytes += record.nodes.capacity() * sizeof(record.nodes[0]);
    if constexpr (requires { record.pins; }) bytes += record.pins.capacity() * sizeof(PrivatePin);
    if constexpr (std::is_same_v<Record, RingRecord>) bytes += record.slots.capacity() * sizeof(BufferSlot);
    return bytes;
  }

  template <class Record>
  static void take_back(Saved<Record>& saved, ServerState& state) {
    server_table<Record>(state)[saved.index] = std::move(saved.old);
  }
  template <class Record>
  static void take_back(SavedSize<Record>& saved, ServerState& state) {
    server_table<Record>(state).resize(saved.size);
  }
  static void take_back(ServerPoint& saved, ServerState& state) { state.point = saved; }

  std::vector<Entry> log_;
  std::size_t bytes_ = 0;  // grows with what is saved; shrinks when all or the older half is forgotten
};

}  // namespace palloscope::trace
