// Memory of another process: read from it as it runs (ProcessMemory), or copied at once and then kept (CopiedMemory).
// Neither traces nor stops anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/walk/memory_source.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

struct AddressRange {
  core::Address begin, end;
  std::uint64_t bytes() const { return end - begin; }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

// By process_vm_readv; where that is not to be had (seccomp, old kernels), by /proc/PID/mem.
class ProcessMemory : public core::MemorySource {
 public:
  explicit ProcessMemory(std::uint32_t pid);
  ~ProcessMemory() override;
  ProcessMemory(const ProcessMemory&) = delete;
  ProcessMemory& operator=(const ProcessMemory&) = delete;

  bool read(core::Address at, std::span<std::uint8_t> into) const override;
  // Fills `into` with these ranges, one behind the other, in as few calls as can be. Answers how many bytes of the
  // beginning are there; fewer than all: errno says why.
  std::size_t read_ranges(std::span<const AddressRange> ranges, std::span<std::uint8_t> into) const;

 private:
  std::size_t read_by_file(std::span<const AddressRange> ranges, std::size_t done, std::span<std::uint8_t> into) const;

  std::uint32_t pid_;
  int file_ = -1;
};

// Pages that were touched before, so that a copy does not wait for the kernel to find each of them.
class Arena {
 public:
  static std::shared_ptr<Arena> of(std::size_t bytes);  // null: there is not so much memory
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::span<std::uint8_t> bytes() const { return {begin_, size_}; }
  // What the first `bytes` hold is people's data: gone after this.
  void wipe(std::size_t bytes);

 private:
  Arena(std::uint8_t* begin, std::size_t size) : begin_(begin), size_(size) {}
  std::uint8_t* begin_;
  std::size_t size_;
};

// What was copied at one moment. Beside that, `behind` serves what the process cannot have changed in its own heap:
// read-only and shared mappings. Private memory that is neither copied nor `zero` cannot be read here, since it would
// be of another moment.
class CopiedMemory : public core::MemorySource {
 public:
  struct Piece {
    AddressRange range;
    std::uint64_t offset = 0;  // in the arena
    bool zero = false;         // never touched by the process: nothing but zeros, nothing in the arena
  };

  // Pieces ascending and disjoint; `live` likewise.
  CopiedMemory(std::shared_ptr<Arena> arena, std::vector<Piece> pieces, std::unique_ptr<core::MemorySource> behind,
               std::vector<AddressRange> live);
  ~CopiedMemory() override;
  CopiedMemory(const CopiedMemory&) = delete;
  CopiedMemory& operator=(const CopiedMemory&) = delete;

  bool read(core::Address at, std::span<std::uint8_t> into) const override;
  std::span<const Piece> pieces() const { return pieces_; }

 private:
  bool read_live(core::Address at, std::span<std::uint8_t> into) const;

  std::shared_ptr<Arena> arena_;
  std::vector<Piece> pieces_;
  std::unique_ptr<core::MemorySource> behind_;
  std::vector<AddressRange> live_;
};

}  // namespace palloscope::trace
