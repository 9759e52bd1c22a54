using System.Globalization;
using System.Text.Json;

namespace CabsPs.Engine.Tokenizers;

/// <summary>The places of a config.json that name tokens.</summary>
internal static class VocabularyConfig
{
    // where models of several parts keep what concerns their text
    private static readonly string[][] s_parts = [[], ["text_config"], ["llm_config"], ["language_config"], ["thinker_config", "text_config"]];

    /// <summary>What becomes wrong in a config.json when tokens get other numbers: it names tokens by number, and they are kept.</summary>
    /// <param name="config">The text.</param>
    /// <param name="old">The numbering it was written for.</param>
    /// <param name="vocabulary">The result's numbering.</param>
    public static IEnumerable<string> MovedTokens(byte[] config, Tokenizer old, OutputVocabulary vocabulary)
    {
        var text = new JsonText(config);
        foreach (string[] part in s_parts)
        {
            foreach (string key in new[] { "bos_token_id", "eos_token_id", "pad_token_id" })
            {
                if (text.Find([.. part, key]) is not { Kind: JsonTokenType.Number } place || !int.TryParse(text.Slice(place), CultureInfo.InvariantCulture, out int id))
                    continue;
                string? token = old.Ids.FirstOrDefault(t => t.Value == id).Key;
                if (token is not null && vocabulary.Ids.TryGetValue(token, out int now) ? now != id : token is not null)
                    yield return $"config.json keeps the base's {key} {id}, which was {Text.Quote(token!)} there; {(vocabulary.Ids.TryGetValue(token!, out now) ? $"in the result that token is {now}" : "the result has no such token")}; set it in config.json and generation_config.json";
            }
        }
    }
}
