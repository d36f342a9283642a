// DynamicMemory: dynamic shared memory (DSM, spec 11.7) of a simulated server: the control segment with its items in
// the bytes, segments that backends create, attach to, pin and detach from, and their end with the last that lets go.
//
// A segment is a file below /dev/shm that each backend maps at a place of its own (one memory, several addresses); one
// in the preallocated region of the main segment has the same address everywhere, and an odd handle.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/shmem/shared_memory.h"

namespace palloscope::core {

// The control segment (spec 11.7); items follow its head.
struct DsmControlLayout {
  std::uint64_t head_bytes = 16, item_bytes = 40;
  std::uint32_t magic_value = 0x9A503D32;
  Field magic{0, 4}, nitems{4, 4}, maxitems{8, 4};
  Field handle{0, 4}, refcnt{4, 4}, first_page{8, 8}, npages{16, 8}, private_handle{24, 8}, pinned{32, 1};
  static constexpr std::uint32_t kFixedItems = 64, kItemsPerBackend = 5;
};

// What a backend knows of a segment that it is attached to (dsm_segment).
struct DsmAttachment {
  std::uint32_t handle = 0;
  SegmentSlot segment;
  BackendSlot backend;
  Address at;
  std::uint64_t bytes = 0;
  std::uint32_t item = 0;                        // control slot
  std::uint64_t life = 0;                        // of the segment; never used again
  bool mapping_pinned = false;                   // stays beyond the end of the query
  std::vector<std::function<void()>> on_detach;  // run last in, first out
};
using DsmId = std::uint64_t;  // names an attachment; never used again

class DynamicMemory {
 public:
  // dsm_postmaster_startup: makes the control segment. The main segment exists. `backends` are made to give their
  // attachments back when they end; this object lives as long as they do.
  DynamicMemory(SharedMemory& shared, Backends& backends);
  DynamicMemory(const DynamicMemory&) = delete;
  DynamicMemory& operator=(const DynamicMemory&) = delete;

  // All of the acting backend.
  DsmId create(std::uint64_t bytes, bool null_if_max = false);  // 0: too many segments, and null_if_max
  DsmId attach(std::uint32_t handle);                           // 0: there is no such segment any more
  void detach(DsmId id);
  void pin_segment(DsmId id);
  void unpin_segment(std::uint32_t handle);
  void pin_mapping(DsmId id);
  void unpin_mapping(DsmId id);
  void on_detach(DsmId id, std::function<void()> callback);
  // The resource owner of the acting backend's query ends: what it attached without pinning the mapping goes.
  void release_unpinned();

  const DsmAttachment* find(DsmId id) const;       // null: detached
  DsmId find_mapping(std::uint32_t handle) const;  // dsm_find_mapping, of the acting backend; 0: none
  std::uint32_t control_handle() const { return control_handle_; }
  Address control_at() const { return control_; }
  std::uint32_t refcnt(std::uint32_t handle) const;       // 0: no such segment
  std::size_t segments() const { return files_.size(); }  // the server's own count; the control segment not in it

 private:
  struct File {
    SegmentSlot segment;
    Address home;  // where the bytes are kept; of a preallocated one, where it is
    std::uint64_t bytes = 0;
    std::uint64_t first_page = 0, npages = 0;  // preallocated
    std::uint32_t handle = 0;
    std::uint64_t life = 0;
    bool preallocated() const { return npages != 0; }
  };
  Address item_at(std::uint32_t item) const;
  const File& file_of(std::uint32_t item) const;
  const File& file_of(const DsmAttachment& held) const;
  std::uint64_t load(Address base, Field field) const;
  void store(Address base, Field field, std::uint64_t value);
  std::optional<std::uint32_t> item_of(std::uint32_t handle) const;  // live: refcnt above 1
  std::optional<std::uint32_t> free_item();
  std::uint32_t random_word();
  std::optional<std::uint64_t> take_pages(std::uint64_t npages);
  void need_room(std::uint64_t bytes) const;
  Address map_for_backend(const File& file);
  DsmId remember(DsmAttachment attachment);
  DsmAttachment& attachment(DsmId id);
  std::uint32_t count_refcnt(std::uint32_t item, std::int32_t by);  // what it is then
  bool is_attached_to(const File& file) const;                      // the acting backend
  void destroy(std::uint32_t item);
  void detach_all(BackendSlot backend, bool pinned_too);

  SharedMemory& shared_;
  Backends& backends_;
  DsmControlLayout layout_;
  Address control_;
  std::uint32_t control_handle_ = 0, maxitems_ = 0;
  std::uint64_t next_home_, next_view_;
  std::uint64_t random_ = 0x9E3779B97F4A7C15;
  std::map<std::uint32_t, File> files_;  // by control item
  std::map<DsmId, DsmAttachment> attachments_;
  DsmId next_id_ = 1;
  std::uint64_t lives_ = 0;
  Address region_;  // Preallocated DSM; null: none
  std::vector<bool> region_pages_;
};

}  // namespace palloscope::core
