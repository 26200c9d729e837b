"""The engine room: one task per call, the media plane, the operations. The only room that runs calls."""
