#include "core/workmem/tape_set.h"

#include <algorithm>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

// sizeof of logtape.c's and buffile.c's structs
constexpr std::uint64_t kSetBytes = 88, kTapeBytes = 80, kBufFileBytes = 72 + kTapeBlockBytes;
constexpr std::uint64_t kFileArrayBytes = 4, kFreeListBytes = std::uint64_t{32} * 8;

}  // namespace

TapeSet::TapeSet(Process& process, Address context) : process_(process), context_(context) {
  set_ = process_.memory_context_alloc(context_, kSetBytes);
  free_list_ = process_.memory_context_alloc(context_, kFreeListBytes);
  file_ = process_.memory_context_alloc(context_, kBufFileBytes);
  files_ = process_.memory_context_alloc(context_, kFileArrayBytes);
}

TapeIndex TapeSet::create_tape() {
  Tape tape;
  tape.memory = process_.memory_context_alloc(context_, kTapeBytes);
  tapes_.push_back(std::move(tape));
  return tapes_.size() - 1;
}

// The lowest free block, so that the file stays short.
std::uint64_t TapeSet::get_free_block() {
  if (free_blocks_.empty()) return blocks_allocated_++;
  const std::uint64_t lowest = free_blocks_.top();
  free_blocks_.pop();
  return lowest;
}

void TapeSet::write(TapeIndex index, std::uint64_t bytes) {
  Tape& tape = tapes_.at(index);
  check(tape.open && tape.writing, "a logical tape that is read takes no more writes");
  if (!tape.buffer) {
    tape.buffer = process_.memory_context_alloc(context_, kTapeBlockBytes);
    tape.blocks.push_back({get_free_block(), 0});
  }
  while (bytes != 0) {
    if (tape.blocks.back().bytes == kTapePayloadBytes) {
      const std::uint64_t next = get_free_block();
      blocks_written_ = std::max(blocks_written_, tape.blocks.back().number + 1);
      tape.blocks.push_back({next, 0});
    }
    Block& block = tape.blocks.back();
    const std::uint64_t now = std::min(bytes, kTapePayloadBytes - block.bytes);
    block.bytes += now;
    bytes -= now;
  }
}

void TapeSet::rewind_for_read(TapeIndex index, std::uint64_t buffer_bytes) {
  Tape& tape = tapes_.at(index);
  check(tape.open && tape.writing, "a logical tape is rewound once");
  if (!tape.blocks.empty()) blocks_written_ = std::max(blocks_written_, tape.blocks.back().number + 1);
  tape.writing = false;
  buffer_bytes = std::clamp(buffer_bytes, kTapeBlockBytes, kMaxAllocSize);
  tape.buffer_bytes = buffer_bytes - buffer_bytes % kTapeBlockBytes;
  if (tape.buffer) process_.pfree(tape.buffer);
  tape.buffer = {};
}

void TapeSet::fill_buffer(Tape& tape) {
  if (!tape.buffer) tape.buffer = process_.memory_context_alloc(context_, tape.buffer_bytes);
  std::uint64_t filled = 0;
  while (tape.next_block < tape.blocks.size()) {
    const Block& block = tape.blocks[tape.next_block++];
    if (!tape.frozen) free_blocks_.push(block.number);
    filled += block.bytes;
    if (tape.buffer_bytes - filled <= kTapeBlockBytes) break;  // a further block might not fit
  }
  tape.buffered += filled;
}

void TapeSet::read(TapeIndex index, std::uint64_t bytes) {
  Tape& tape = tapes_.at(index);
  check(tape.open && !tape.writing, "a logical tape is rewound before it is read");
  while (bytes != 0) {
    if (tape.buffered == 0) {
      fill_buffer(tape);
      check(tape.buffered != 0, "no more is read from a logical tape than was written");
    }
    const std::uint64_t now = std::min(bytes, tape.buffered);
    tape.buffered -= now;
    bytes -= now;
  }
}

void TapeSet::freeze(TapeIndex index) {
  rewind_for_read(index, kTapeBlockBytes);
  tapes_.at(index).frozen = true;
}

void TapeSet::close_tape(TapeIndex index) {
  Tape& tape = tapes_.at(index);
  check(tape.open, "a logical tape is closed once");
  tape.open = false;
  if (tape.buffer) process_.pfree(tape.buffer);
  process_.pfree(tape.memory);
}

void TapeSet::close() {
  process_.pfree(files_);
  process_.pfree(file_);
  process_.pfree(free_list_);
  process_.pfree(set_);
}

}  // namespace palloscope::core
