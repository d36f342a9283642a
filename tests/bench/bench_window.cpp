#include "tests/bench/bench_window.h"

#include <imgui.h>

#include <utility>

namespace palloscope::bench {

using namespace gui;

std::uint64_t BenchWindow::NoCard::draw(const MapImage& image, const MapColours&, int) {
  taken_ = image.texels.data();
  return 1;
}

std::uint64_t BenchWindow::NoCard::draw_pool(const PoolImage& image, const PoolColours&) {
  taken_ = image.texels.data();
  return 1;
}

BenchWindow::BenchWindow(int width, int height) {
  ImGuiIO& io = ImGui::GetIO();
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
  io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  app_.set_map_surface(&card_);
  app_.set_pool_surface(&card_);
  session().preferences.motion = false;
}

void BenchWindow::show(Document document) {
  session().document.emplace(std::move(document));
  session().document->serial = ++session().documents_opened;
}

void BenchWindow::frame() {
  ImGui::GetIO().DeltaTime = 1.0f / 60;
  app_.frame();
  for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
    if (texture->Status == ImTextureStatus_OK) continue;
    const bool gone = texture->Status == ImTextureStatus_WantDestroy;
    texture->SetTexID(gone ? ImTextureID_Invalid : 1);
    texture->SetStatus(gone ? ImTextureStatus_Destroyed : ImTextureStatus_OK);
  }
}

void BenchWindow::frames(int count) {
  for (int i = 0; i < count; ++i) frame();
}

void BenchWindow::press(int imgui_key) {
  for (const bool down : {true, false}) {
    ImGui::GetIO().AddKeyEvent(static_cast<ImGuiKey>(imgui_key), down);
    frame();
  }
}

}  // namespace palloscope::bench
