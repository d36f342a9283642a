#include "core/scenario/shmem_world.h"

namespace palloscope::core {

void ShmemWorld::start() {
  early().create(supply);
  started_ = true;
  dynamic_ = std::make_unique<DynamicMemory>(*shared_, server_.backends);
}

}  // namespace palloscope::core
