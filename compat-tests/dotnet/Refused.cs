namespace Queuerite.Compat;

/// <summary>What a refusal looks like from the outside, stated once.</summary>
public static class Refused
{
    private static readonly Dictionary<string, (int Status, string Text)> Errors = new()
    {
        ["AuthenticationFailed"] = (403, "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."),
        ["AuthorizationFailure"] = (403, "This request is not authorized to perform this operation."),
        ["AuthorizationPermissionMismatch"] = (403, "This request is not authorized to perform this operation using this permission."),
        ["AuthorizationProtocolMismatch"] = (403, "This request is not authorized to perform this operation using this protocol."),
        ["AuthorizationResourceTypeMismatch"] = (403, "This request is not authorized to perform this operation using this resource type."),
        ["AuthorizationServiceMismatch"] = (403, "This request is not authorized to perform this operation using this service."),
        ["AuthorizationSourceIPMismatch"] = (403, "This request is not authorized to perform this operation using this source IP"),
        ["InsufficientAccountPermissions"] = (403, "Write operations are not allowed."),
        ["InvalidAuthenticationInfo"] = (401, "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."),
        ["InvalidMetadata"] = (400, "The metadata specified is invalid. It has characters that are not permitted."),
        ["InvalidQueryParameterValue"] = (400, "Value for one of the query parameters specified in the request URI is invalid."),
        ["InvalidResourceName"] = (400, "The specifed resource name contains invalid characters."),
        ["InvalidXmlDocument"] = (400, "XML specified is not syntactically valid."),
        ["MessageNotFound"] = (404, "The specified message does not exist."),
        ["MetadataTooLarge"] = (400, "The size of the specified metadata exceeds the maximum size permitted."),
        ["NoAuthenticationInformation"] = (401, "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."),
        // Of a name's length and of a marker: two texts for one code.
        ["OutOfRangeInput"] = (400, ""),
        ["OutOfRangeQueryParameterValue"] = (400, "One of the query parameters specified in the request URI is outside the permissible range."),
        ["QueueAlreadyExists"] = (409, "The specified queue already exists."),
        ["QueueNotFound"] = (404, "The specified queue does not exist."),
        ["RequestBodyTooLarge"] = (413, "The request body is too large and exceeds the maximum permissible limit."),
    };

    /// <summary>Expects the call to be refused with this code, its status and its text.</summary>
    public static async Task<RequestFailedException> WithAsync(string code, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RequestFailedException>(call);
        var (status, text) = Errors[code];
        Assert.Equal((status, code), (error.Status, error.ErrorCode));
        Assert.StartsWith(text, error.Message);
        return error;
    }

    /// <summary>Expects one of these codes; the reference leaves open which.</summary>
    public static async Task WithOneOfAsync(string[] codes, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RequestFailedException>(call);
        Assert.Contains(error.ErrorCode, codes);
        Assert.Equal(Errors[error.ErrorCode!].Status, error.Status);
    }
}
