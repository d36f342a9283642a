#include "gui/picture/cpu_screen.h"

#include <imgui.h>

#include "gui/app.h"

namespace palloscope::gui {
namespace {

constexpr float kFrameSeconds = 1.0f / 60;

}  // namespace

void answer_texture_requests() {
  for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
    if (texture->Status == ImTextureStatus_WantDestroy) {
      texture->SetTexID(ImTextureID_Invalid);
      texture->SetStatus(ImTextureStatus_Destroyed);
    } else if (texture->Status != ImTextureStatus_OK) {
      texture->SetTexID(1);
      texture->SetStatus(ImTextureStatus_OK);
    }
  }
}

CpuScreen::CpuScreen(App& app, int width, int height) : app_(app) {
  ImGuiIO& io = ImGui::GetIO();
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
  io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  app_.draw_without_gpu();
}

void CpuScreen::frames(int count) {
  for (int i = 0; i < count; ++i) {
    ImGui::GetIO().DeltaTime = kFrameSeconds;
    app_.frame();
    answer_texture_requests();
  }
}

void CpuScreen::settle(int most) {
  frames(3);
  for (int i = 0; i < most && app_.wants_frame(); ++i) frames(1);
  frames(1);
}

Picture CpuScreen::settled(int most) {
  settle(most);
  return app_.drawn_picture();
}

std::string CpuScreen::settled_svg(const std::string& title, std::string_view panel, int most) {
  settle(most);
  app_.set_anti_aliased(false);
  frames(2);
  std::string svg = app_.drawn_svg(panel, title);
  app_.set_anti_aliased(true);
  return svg;
}

}  // namespace palloscope::gui
