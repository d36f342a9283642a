// PoolContender: one plain pool for the whole process, without contexts. Requests are rounded up to 16, 32, 64, ...; a
// chunk has a header of 8 bytes that names its class and is cut from the current block; a freed one goes on the list of
// its class and is used again from there, last freed first. What a full block has left is never used. Blocks
// (pool:BLOCK, 8 kB unless told, with a header of 16 bytes) are never given back. A request whose class is larger than
// a quarter of a block is a malloc of its own, with the same headers, and is given back when freed. A reset frees, one
// by one, what was allocated in the context.
#pragma once

#include <array>

#include "trace/compare/flat_contender.h"

namespace palloscope::trace {

class PoolContender final : public FlatContender {
 public:
  PoolContender(const ContenderSpec& spec, const ContenderSetting& setting);

 protected:
  void start() override;
  Piece allocate(core::ContextSlot context, std::uint64_t bytes, core::ChunkCause cause) override;
  void resize(core::ContextSlot context, Piece& piece, std::uint64_t bytes) override;
  void release(const Piece& piece, core::ChunkCause cause) override;

 private:
  Piece allocate_alone(std::uint64_t bytes, core::ChunkCause cause);
  void add_block();
  void announce(const Piece& piece, std::uint64_t bytes, core::ChunkOrigin origin, core::ChunkCause cause);

  std::uint64_t block_bytes_, largest_;
  int largest_class_ = 0;
  core::BlockSlot block_;        // the current one
  core::Address free_at_, end_;  // in it
  std::array<std::vector<Piece>, kFreelistCount> free_;
};

}  // namespace palloscope::trace
