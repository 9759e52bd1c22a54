using System.Text;

namespace CabsPs.Engine.Reports;

/// <summary>Writes a report as a file that is whole or not there.</summary>
public static class ReportFile
{
    /// <summary>Refuses a place where a report cannot go, before work is spent on it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Allows a file that exists.</param>
    /// <exception cref="CabsException">It is a folder, exists, or its folder does not.</exception>
    public static void Check(string path, bool replace)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new CabsException(CabsError.OutputNotEmpty, $"{path}: is a folder; give the name of a file, such as report.html", path);
        if (!replace && File.Exists(full))
            throw new CabsException(CabsError.OutputNotEmpty, $"{path}: exists already; give another name or force replacing it", path);
        if (Path.GetDirectoryName(full) is { } folder && !Directory.Exists(folder))
            throw new CabsException(CabsError.WriteFailed, $"{path}: the folder {folder} does not exist; make it, or give another", path);
    }

    /// <summary>Writes a report under a temporary name and gives it its own when it is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What to tell.</param>
    /// <param name="replace">Allows a file that exists.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="CabsException">There is nothing to tell, or the file cannot be written.</exception>
    public static string Write(string path, ReportContent content, bool replace)
    {
        Check(path, replace);
        string text = ReportPage.Create(content), full = Path.GetFullPath(path);
        string temporary = $"{full}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, replace);
            return full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{path}: cannot be written: {e.Message}", path, e);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the failure that led here is the one to report; the name says that the file is partial
        }
    }
}
