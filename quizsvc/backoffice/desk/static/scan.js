// The redemption page's comfort: the input keeps the focus, and a camera reads codes where the browser can.
const input = document.getElementById("code");
const box = document.getElementById("camera");
const words = document.getElementById("camera-words");
const CODE = /^\d{12}$/;
const EVERY_MS = 200;

function keepFocus() {
  document.addEventListener("keydown", (event) => {
    const typed = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (typed && document.activeElement !== input) input.focus();
  });
  window.addEventListener("focus", () => input.focus());
}

async function offerCamera() {
  const can = "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia
    && (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  if (!can) {
    words.textContent = "此浏览器不能用摄像头扫码，请用扫码枪或手工输入。";
    return;
  }
  box.hidden = false;
  box.querySelector("button").addEventListener("click", readCamera);
}

async function readCamera() {
  const video = box.querySelector("video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    words.textContent = "摄像头没有打开，请在浏览器里允许使用摄像头，或改用扫码枪、手工输入。";
    return;
  }
  video.hidden = false;
  await video.play();
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const timer = setInterval(async () => {
    const seen = (await detector.detect(video)).map((one) => one.rawValue.replace(/\D/g, ""));
    const code = seen.find((text) => CODE.test(text));
    if (!code) return;
    clearInterval(timer);
    video.srcObject.getTracks().forEach((track) => track.stop());
    input.value = code;
    input.form.requestSubmit();
  }, EVERY_MS);
}

keepFocus();
offerCamera();
