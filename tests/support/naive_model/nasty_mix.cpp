#include "tests/support/naive_model/nasty_mix.h"

#include <algorithm>
#include <iterator>

namespace palloscope::test {

using core::ContextKind;

namespace {

constexpr std::uint64_t kMostMemory = std::uint64_t{48} << 20;
constexpr int kHuge = 1, kNoOom = 2, kZero = 4;

}  // namespace

NastyMix::NastyMix(const NaiveModel& model, std::uint64_t seed) : model_(model), random_(seed) {
  constexpr std::size_t kContexts[] = {3, 8, 20, 130};
  constexpr std::size_t kChunks[] = {60, 400, 2500};
  most_contexts_ = kContexts[below(4)];
  most_chunks_ = kChunks[below(3)];
  deep_ = one_in(6);
}

void NastyMix::change_mood() {
  mood_ = static_cast<Mood>(below(static_cast<std::uint64_t>(Mood::kCount)));
  mood_left_ = static_cast<int>(20 + below(400));
  favourite_ = some_context();
  chain_ = some_chunk();
}

int NastyMix::some_context(int kind) {
  const auto& contexts = model_.contexts();  // the two of the start come first, and are left alone
  if (contexts.size() <= 2) return -1;
  auto place = std::next(contexts.begin(), static_cast<std::ptrdiff_t>(2 + below(contexts.size() - 2)));
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (kind < 0 || static_cast<int>(place->second.kind) == kind) return place->first;
    if (++place == contexts.end()) place = std::next(contexts.begin(), 2);
  }
  return -1;
}

int NastyMix::some_chunk() {
  const auto& chunks = model_.chunks();
  if (chunks.empty()) return -1;
  const int first = chunks.begin()->first, last = chunks.rbegin()->first;
  auto near = [&](int number) { return chunks.lower_bound(number)->first; };
  if (one_in(3)) return near(std::max(first, last - static_cast<int>(below(8))));  // newest first, as stacks do
  return near(first + static_cast<int>(below(static_cast<std::uint64_t>(last - first + 1))));
}

// Not SIZE_MAX itself: rounded up it becomes 0, which Generation and Bump of 17+ take for a small request. Plain builds
// then copy too much in repalloc; checking builds take it, as requested_size, for the mark of a free chunk.
std::uint64_t NastyMix::absurd_size() {
  constexpr std::uint64_t kSizes[] = {0x3FFFFFFF + std::uint64_t{1},
                                      std::uint64_t{1} << 31,
                                      std::uint64_t{1} << 46,
                                      std::uint64_t{1} << 62,
                                      0x7FFFFFFFFFFFFFFF,
                                      0x8000000000000000,
                                      0xFFFFFFFFFFFFFFF7};
  return kSizes[below(std::size(kSizes))];
}

// Around the limits that the context has just now.
std::uint64_t NastyMix::limit_size(const NaiveContext& context) {
  std::uint64_t at = std::uint64_t{8} << below(11);
  switch (below(6)) {
    case 0:
      at = context.limit;
      break;
    case 1:
      at = context.next;
      break;
    case 2:
    case 3:
      if (!context.blocks.empty()) {
        const NaiveBlock& block = context.blocks[one_in(2) ? 0 : below(context.blocks.size())];
        at = block.end - block.free_at;
      }
      break;
    case 4:
      at = context.init;
      break;
    default:
      break;
  }
  at = std::min<std::uint64_t>(at, std::uint64_t{1} << 20);
  constexpr std::uint64_t kAround[] = {0, 1, 7, 8, 9, 15, 16, 17, 24, 32, 40, 48, 56, 64};
  const std::uint64_t off = kAround[below(std::size(kAround))];
  return one_in(2) ? at + off % 18 : at > off ? at - off : 0;
}

std::uint64_t NastyMix::some_size(const NaiveContext& context) {
  if (context.kind == ContextKind::Slab) {
    return one_in(60) ? context.chunk_size + below(3) - 1 : context.chunk_size;
  }
  switch (mood_) {
    case Mood::Tiny:
      return below(20);
    case Mood::Limits:
      return limit_size(context);
    case Mood::Large:
      if (one_in(40)) return below(std::uint64_t{3} << 20);
      return one_in(3) ? context.limit + below(30'000) : 2000 + below(20'000);
    default:
      break;
  }
  switch (below(12)) {
    case 0:
      return 0;
    case 1:
    case 2:
      return limit_size(context);
    case 3:
      return (std::uint64_t{1} << below(15)) + below(3) - 1;
    case 4:
      return below(9000);
    case 5:
      return one_in(30) ? below(500'000) : below(20'000);
    default:
      return below(300);
  }
}

bool NastyMix::is_below(int context, int ancestor) const {
  while (context != ancestor && context >= 0) context = model_.contexts().at(context).parent;
  return context == ancestor;
}

bool NastyMix::has_favourite() const { return favourite_ >= 0 && model_.contexts().count(favourite_) != 0; }

std::string NastyMix::some_ident() {
  std::string ident;
  constexpr const char* kPieces[] = {"select ", "\n", "\t", "\x7f", "汉字", "é", "a", "from pg_class ", "; : "};
  for (std::uint64_t i = below(one_in(3) ? 60 : 6); i > 0; --i) ident += kPieces[below(std::size(kPieces))];
  return ident;
}

Operation NastyMix::create_slab(Operation made) {
  constexpr std::uint64_t kBlocks[] = {256, 1000, 1024, 1500, 2048, 4096, 8192, 8200};
  made.context_kind = ContextKind::Slab;
  made.init = kBlocks[below(std::size(kBlocks))];
  made.min = one_in(4) ? 1 + below(16) : 1 + below(one_in(8) ? made.init * 5 / 4 : made.init / 3);
  // With one chunk in a block 16+ checking builds fail an assertion (spec 5.3).
  if (model_.checking()) made.min = std::min<std::uint64_t>(made.min, (made.init - 48) / 2 - 24);
  return made;
}

Operation NastyMix::create() {
  Operation made;
  made.kind = OperationKind::Create;
  made.context = next_context_++;
  made.text = one_in(8) ? "dynahash" : "c" + std::to_string(made.context);
  if (deep_ && !one_in(4)) {
    made.parent = model_.contexts().rbegin()->first;  // a chain
  } else if (!one_in(4)) {
    made.parent = some_context();
  }
  if (made.parent < 0) made.parent = -1;
  constexpr std::uint64_t kInit[] = {1024, 8192, 1032, 2048, 4096, 16384, 1096};
  made.init = one_in(5) ? 1024 + 8 * below(2000) : kInit[below(std::size(kInit))];
  constexpr std::uint64_t kMax[] = {1024, 8192, 16384, 24576, 65536, 1 << 20, 8 << 20, 8 << 20};
  made.max = one_in(5) ? made.init + 8 * below(1000) : kMax[below(std::size(kMax))];
  if (one_in(12)) made.max = made.init;
  made.max = std::max(made.max, made.init);
  if (one_in(5)) made.min = std::min(1024 + 8 * below(2500), made.max);
  std::uint64_t roll = mood_ == Mood::Slabs ? 7 : below(10);
  if (roll >= 9 && model_.major() >= 17) {
    made.context_kind = ContextKind::Bump;
  } else if (roll >= 7) {
    return create_slab(made);
  } else if (roll >= 5) {
    made.context_kind = ContextKind::Generation;
  } else if (!one_in(3)) {  // those that are recycled
    made.min = 0;
    made.init = one_in(2) ? 8192 : 1024;
    made.max = one_in(2) ? 8388608 : std::max<std::uint64_t>(made.init, one_in(4) ? 1024 + 8 * below(4000) : 8192);
  }
  return made;
}

Operation NastyMix::alloc(int number) {
  const NaiveContext& context = model_.contexts().at(number);
  Operation made;
  made.kind = OperationKind::Alloc;
  made.context = number;
  made.chunk = next_chunk_++;
  made.size = some_size(context);
  if (one_in(12)) made.flags = one_in(2) ? kNoOom : static_cast<int>(below(8));
  if (one_in(150)) {
    made.size = absurd_size();
    made.flags = one_in(2) ? 0 : static_cast<int>(below(4));
  }
  if (made.size > std::uint64_t{1} << 24) made.flags &= ~kZero;
  if (model_.major() >= 16 && context.kind != ContextKind::Bump && one_in(14)) {
    made.kind = OperationKind::AllocAligned;
    made.align = std::uint64_t{1} << below(one_in(10) ? 17 : 10);
    made.flags &= ~kHuge;
    if (made.size > std::uint64_t{1} << 40) made.size = 0x3FFFFFFF;  // too large with what alignment adds
  }
  return made;
}

Operation NastyMix::realloc() {
  Operation made;
  made.kind = OperationKind::Realloc;
  made.chunk = mood_ == Mood::Chain && model_.chunks().count(chain_) != 0 ? chain_ : some_chunk();
  const NaiveChunk& chunk = model_.chunks().at(made.chunk);
  const NaiveContext& context = model_.contexts().at(chunk.context);
  switch (below(6)) {
    case 0:
      made.size = chunk.usable + below(3) - 1;
      break;
    case 1:
      made.size = chunk.usable * 2;
      break;
    case 2:
      made.size = chunk.usable / 2;
      break;
    default:
      made.size = some_size(context);
  }
  if (context.kind == ContextKind::Slab && !one_in(20)) made.size = context.chunk_size;
  made.size = std::min<std::uint64_t>(made.size, std::uint64_t{4} << 20);
  if (chunk.align == 0) {
    if (one_in(20)) made.flags = kHuge;
    if (one_in(150)) made.size = absurd_size();
  }
  return made;
}

Operation NastyMix::change_context() {
  Operation made;
  made.context = some_context();
  if (mood_ == Mood::Churn && has_favourite() && one_in(2)) made.context = favourite_;
  constexpr OperationKind kKinds[] = {
      OperationKind::Reset,           OperationKind::Reset,       OperationKind::ResetOnly,
      OperationKind::ResetChildren,   OperationKind::Delete,      OperationKind::Delete,
      OperationKind::DeleteChildren,  OperationKind::SetParent,   OperationKind::SetParent,
      OperationKind::SetIdent,        OperationKind::AllowInCrit, OperationKind::RegisterCallback,
      OperationKind::RegisterCallback};
  made.kind = kKinds[below(std::size(kKinds))];
  made.on = !one_in(3);
  switch (made.kind) {
    case OperationKind::SetParent:
      made.parent = one_in(4) ? -1 : some_context();
      if (is_below(made.parent, made.context)) made.parent = -1;
      break;
    case OperationKind::SetIdent:
      if (made.on) made.text = some_ident();
      break;
    case OperationKind::RegisterCallback:
      made.callback = next_callback_++;
      break;
    default:
      break;
  }
  return made;
}

Operation NastyMix::next() {
  if (mood_left_-- <= 0) change_mood();
  Operation free;
  free.kind = OperationKind::Free;
  free.chunk = some_chunk();
  while (free.chunk >= 0 && model_.contexts().at(model_.chunks().at(free.chunk).context).kind == ContextKind::Bump) {
    free.chunk = model_.chunks().size() > 1 && !one_in(8) ? some_chunk() : -1;
  }
  const bool has_chunk = free.chunk >= 0;
  if (failing_ ? !one_in(3) : mood_ == Mood::Failing && one_in(4)) {
    Operation fail;
    fail.kind = OperationKind::MallocFail;
    constexpr std::uint64_t kFrom[] = {1, 300, 2000, 8192, 20'000, 1 << 20, 3 << 20};
    fail.size = failing_ ? 0 : kFrom[below(std::size(kFrom))];
    failing_ = !failing_;
    return fail;
  }
  if (model_.mem_allocated(-1, true) > kMostMemory && some_context() >= 0) {
    Operation reset;
    reset.kind = OperationKind::Reset;
    reset.context = some_context();
    return reset;
  }
  const std::size_t contexts = model_.contexts().size();
  const std::uint64_t churn = mood_ == Mood::Churn || mood_ == Mood::Tree ? 4 : 40;
  if (contexts <= 2 || (contexts < most_contexts_ + 2 && one_in(contexts < 5 ? 6 : churn))) return create();
  if (one_in(mood_ == Mood::Churn ? 5 : mood_ == Mood::Tree ? 4 : 60)) return change_context();
  if (has_chunk && (model_.chunks().size() > most_chunks_ || one_in(mood_ == Mood::Storm ? 2 : 3))) return free;
  if (has_chunk && one_in(mood_ == Mood::Chain ? 2 : failing_ ? 3 : 8)) {
    Operation resize = realloc();
    if (model_.contexts().at(model_.chunks().at(resize.chunk).context).kind != ContextKind::Bump) return resize;
  }
  int number = has_favourite() && !one_in(3)
                   ? favourite_
                   : some_context(mood_ == Mood::Slabs ? static_cast<int>(ContextKind::Slab) : -1);
  return number >= 0 ? alloc(number) : create();
}

}  // namespace palloscope::test
