/** As much as is used here of the package qrcode, which brings no types. */
declare module 'qrcode/lib/core/qrcode.js' {
  const library: {
    create(
      text: string,
      options: { errorCorrectionLevel: 'L' | 'M' | 'Q' | 'H' },
    ): { modules: { size: number; get(row: number, column: number): number } };
  };
  export default library;
}
