package ai.rpo.core.tensor.cuda;

import com.sun.jna.Library;

/** Declares what is called of NVRTC, NVIDIA's compiler as a library; a function gives 0, or the number of an error. */
interface Nvrtc extends Library {

    int nvrtcVersion(int[] major, int[] minor);

    int nvrtcGetNumSupportedArchs(int[] count);

    int nvrtcGetSupportedArchs(int[] architectures);

    int nvrtcCreateProgram(
            long[] program, String source, String name, int headers, String[] contents, String[] includeNames);

    int nvrtcCompileProgram(long program, int count, String[] options);

    int nvrtcGetProgramLogSize(long program, long[] bytes);

    int nvrtcGetProgramLog(long program, byte[] log);

    int nvrtcGetCUBINSize(long program, long[] bytes);

    int nvrtcGetCUBIN(long program, byte[] cubin);

    int nvrtcGetPTXSize(long program, long[] bytes);

    int nvrtcGetPTX(long program, byte[] ptx);

    int nvrtcDestroyProgram(long[] program);
}
