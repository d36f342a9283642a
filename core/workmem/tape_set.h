// TapeSet: the logical tapes of an external sort (logtape.c): many tapes in one temporary file, block by block, so that
// blocks that were read are used again for what is written next. No bytes are kept: only which blocks exist, and how
// many of a tape's bytes lie in each. Its structs and buffers are palloc'ed for real, in the context that is given.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "core/mcxt/process.h"
#include "core/workmem/work_settings.h"

namespace palloscope::core {

// Of a block, 16 bytes are the links to the blocks before and behind it.
inline constexpr std::uint64_t kTapePayloadBytes = kTapeBlockBytes - 16;

using TapeIndex = std::size_t;

class TapeSet {
 public:
  TapeSet(Process& process, Address context);  // LogicalTapeSetCreate

  TapeIndex create_tape();  // LogicalTapeCreate; an index is never used again
  void write(TapeIndex tape, std::uint64_t bytes);
  // From now on it is read, each block set free for others once it is in the buffer; nothing more can be written.
  void rewind_for_read(TapeIndex tape, std::uint64_t buffer_bytes);
  void read(TapeIndex tape, std::uint64_t bytes);  // no more than was written
  void freeze(TapeIndex tape);                     // from now on reads keep the blocks
  void close_tape(TapeIndex tape);
  void close();  // LogicalTapeSetClose; tapes that are still open lose nothing but their structs

  std::uint64_t blocks() const { return blocks_written_; }  // LogicalTapeSetBlocks: the file's length so far

 private:
  struct Block {
    std::uint64_t number = 0, bytes = 0;
  };
  struct Tape {
    Address memory, buffer;
    bool open = true, writing = true, frozen = false;
    std::uint64_t buffer_bytes = 0;
    std::vector<Block> blocks;
    std::size_t next_block = 0;  // to be read
    std::uint64_t buffered = 0;  // bytes in the buffer that were not read yet
  };

  std::uint64_t get_free_block();
  void fill_buffer(Tape& tape);

  Process& process_;
  Address context_, set_, file_, files_, free_list_;
  std::vector<Tape> tapes_;
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> free_blocks_;
  std::uint64_t blocks_allocated_ = 0, blocks_written_ = 0;
};

}  // namespace palloscope::core
