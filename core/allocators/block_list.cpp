#include "core/allocators/block_list.h"

namespace palloscope::core {

std::vector<Address> dlist_nodes(const ProcessCore& core, Address head) {
  std::vector<Address> nodes;
  std::size_t most = core.mallocs.region_count() + 1;  // every node lies in a malloc'ed region of its own
  for (Address node = dlist_first(core, head); node != head; node = core.load_pointer(node + kDlistNext)) {
    if (nodes.size() == most) throw Crash{"SIGSEGV", "a block list was trampled: it goes round without its head", node};
    nodes.push_back(node);
  }
  return nodes;
}

std::vector<Address> drop_chunks(ProcessCore& core, const std::vector<Address>& nodes, std::uint64_t node_offset,
                                 Address keeper, Address context) {
  std::vector<Address> others;
  for (Address node : nodes) {
    Address block = node - node_offset;
    core.forget_chunks(block == keeper ? context : block);
    if (block != keeper) others.push_back(block);
  }
  return others;
}

}  // namespace palloscope::core
